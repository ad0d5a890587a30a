//! Bodies of requests: JSON, read strictly.

use domain::form::{FieldError, FormErrors};
use poem::error::ReadBodyError;
use poem::http::header;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::caller::Context;
use crate::json::{Reader, Shape, Tree, Unreadable, joined};
use crate::problem::{Kind, Refusal};
use crate::query::check_names;

/// The most bytes of a body.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// What a body is read into. The type also describes the body in the OpenAPI document.
pub(crate) trait Body: Type + Send {
    /// What the members say; what is missing or wrong is noted, and something stands in its place.
    fn read(reader: &mut Reader<'_>) -> Self;
}

/// A JSON body: no duplicate and no unknown members, all that is wrong told at once, nothing repeated.
pub(crate) struct Strict<T> {
    value: T,
    errors: Vec<FieldError>,
}

impl<T> Strict<T> {
    /// The checked value, if shape and values are right.
    pub(crate) fn check<V>(self, check: impl FnOnce(T) -> Result<V, Vec<FieldError>>) -> Result<V, Refusal> {
        match check(self.value) {
            Ok(value) if self.errors.is_empty() => Ok(value),
            Ok(_) => Err(Refusal::invalid(self.errors)),
            Err(errors) => Err(Refusal::invalid(joined(self.errors, errors))),
        }
    }
}

impl<'a, T: Body> ApiExtractor<'a> for Strict<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(read(request, body).await?)
    }
}

/// A JSON body that may be left out: then it is an object without members.
pub(crate) struct Optional<T>(pub(crate) Strict<T>);

impl<'a, T: Body> ApiExtractor<'a> for Optional<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Strict::<T>::request_meta().map(|meta| MetaRequest { required: false, ..meta })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let bytes = bytes(request, body).await?;
        if bytes.is_empty() && !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(Self(parse(request, b"{}")?));
        }
        Ok(Self(json(request).and_then(|()| parse(request, &bytes))?))
    }
}

async fn read<T: Body>(request: &Request, body: &mut RequestBody) -> Result<Strict<T>, Refusal> {
    json(request)?;
    parse(request, &bytes(request, body).await?)
}

fn json(request: &Request) -> Result<(), Refusal> {
    let refusal = || Refusal::new(Kind::UnsupportedMediaType, "The body must be of the type application/json.");
    if is_json(request) { Ok(()) } else { Err(refusal()) }
}

async fn bytes(request: &Request, body: &mut RequestBody) -> Result<Vec<u8>, Refusal> {
    let body = body.take().map_err(|_| Refusal::internal("a body was read twice"))?;
    let timeout = Context::of(request)?.body_timeout;
    match tokio::time::timeout(timeout, body.into_bytes_limit(MAX_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::new(Kind::BadRequest, "The body ended too early.")),
        Err(_) => Err(Refusal::new(Kind::Timeout, "The body did not arrive in time.")),
    }
}

pub(crate) fn parse<T: Body>(request: &Request, bytes: &[u8]) -> Result<Strict<T>, Refusal> {
    let mut errors = FormErrors::none();
    // No operation with a body has parameters in its query.
    check_names(request, &[], &mut errors);
    let tree = match Tree::parse(bytes) {
        Ok(tree) => tree,
        Err(Unreadable::NotJson) => return Err(Refusal::new(Kind::BadJson, "The body is not JSON in UTF-8.")),
        Err(Unreadable::BeyondLimits) => {
            errors.add("", &Shape::BeyondLimits);
            return Err(Refusal::invalid(errors.into_list()));
        }
    };
    let Some(mut reader) = Reader::of(&tree, "", &mut errors) else {
        return Err(Refusal::invalid(errors.into_list()));
    };
    let value = T::read(&mut reader);
    reader.finish();
    Ok(Strict { value, errors: errors.into_list() })
}

/// The refusal of a body that is too large.
pub(crate) fn too_large() -> Refusal {
    Refusal::new(Kind::BodyTooLarge, "A body has at most 65536 bytes.")
}

/// Whether the one `content-type` says JSON, in UTF-8 if it speaks of that at all.
pub(crate) fn is_json(request: &Request) -> bool {
    let mut given = request.headers().get_all(header::CONTENT_TYPE).iter();
    let (Some(content_type), None) = (given.next(), given.next()) else { return false };
    let Ok(text) = content_type.to_str() else { return false };
    let text = text.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let is_utf8 =
        |parameter: &str| parameter.strip_prefix("charset=").is_none_or(|charset| charset.trim_matches('"') == "utf-8");
    parts.next() == Some("application/json") && parts.all(is_utf8)
}
