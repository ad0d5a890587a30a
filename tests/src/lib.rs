//! What the journeys share: the real program on a database of its own, and a client that speaks to it.

use std::task::Poll;

pub mod database;
pub mod load;
pub mod mailbox;
pub mod postgres_server;
pub mod process;
pub mod program;
pub mod workspace;

/// Waits for all, side by side.
pub async fn join_all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures = futures.into_iter().map(|future| (Box::pin(future), None)).collect::<Vec<_>>();
    std::future::poll_fn(|context| {
        let mut ready = true;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => ready = false,
                }
            }
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    futures.into_iter().filter_map(|(_, output)| output).collect()
}
