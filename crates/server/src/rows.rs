//! Rows as a command prints them.

use serde_json::Value;

/// One JSON array, or a line for each row with its values between tabs.
pub(crate) fn text(rows: Vec<Value>, json: bool) -> String {
    if json {
        return format!("{}\n", Value::Array(rows));
    }
    rows.iter().map(line).collect()
}

fn line(row: &Value) -> String {
    let values = row.as_object().into_iter().flatten().map(|(_, value)| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    format!("{}\n", values.collect::<Vec<_>>().join("\t"))
}
