//! Ending with whoever started the double.

use std::io::{self, Read};

use tokio::sync::oneshot;

/// Ready when standard input ends, which it does with the process at its other end, however that
/// goes; never where nobody wants to know.
pub(super) async fn gone(is_wanted: bool) {
    if !is_wanted {
        return std::future::pending().await;
    }
    let (sender, ended) = oneshot::channel();
    // A thread of its own: one that the runtime waits for at its end would hold the program up.
    std::thread::spawn(move || {
        read_to_end(io::stdin().lock());
        // Who has stopped for another reason listens no more.
        let _ = sender.send(());
    });
    // A sender that is gone says the same as one that sent.
    let _ = ended.await;
}

/// What is said there is not for us. A failure is an end too.
fn read_to_end(mut input: impl Read) {
    let mut buffer = [0; 1024];
    while input.read(&mut buffer).is_ok_and(|count| count > 0) {}
}
