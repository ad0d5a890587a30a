use std::sync::Arc;

use async_trait::async_trait;
use memory::memory::Memory;
use port_contracts::fixture::{EventLog, Fixture, Ports, RecordedEvent};

struct Events(Arc<Memory>);

#[async_trait]
impl EventLog for Events {
    async fn events(&self) -> Vec<RecordedEvent> {
        self.0.events().iter().map(RecordedEvent::from).collect()
    }
}

async fn in_memory() -> Fixture {
    let memory = Arc::new(Memory::new());
    let ports = Ports {
        accounts: memory.clone(),
        sessions: memory.clone(),
        last_seen: memory.clone(),
        domain_rules: memory.clone(),
        authority_tokens: memory.clone(),
        fields: memory.clone(),
        mailed_tokens: memory.clone(),
        deliveries: memory.clone(),
        own_events: memory.clone(),
        retention: memory.clone(),
        keys: memory.clone(),
        ledger: memory.clone(),
        throttles: memory.clone(),
        arrivals: memory.clone(),
        readiness: memory.clone(),
    };
    Fixture { here: ports.clone(), there: ports, events: Arc::new(Events(memory)), keep: Box::new(()) }
}

port_contracts::stamp!(in_memory);
