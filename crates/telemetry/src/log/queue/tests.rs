use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

const PLENTY: Duration = Duration::from_secs(20);

/// An output that hands each write to the test and waits to be told how it went.
struct Gate {
    writes: Sender<String>,
    answers: Receiver<io::Result<()>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writes.send(String::from_utf8(bytes.to_vec()).unwrap()).unwrap();
        self.answers.recv().unwrap()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gated(limit_bytes: usize) -> (Arc<LineQueue>, Receiver<String>, Sender<io::Result<()>>) {
    let (writes, written) = channel();
    let (answer, answers) = channel();
    let queue = LineQueue::start(Gate { writes, answers }, limit_bytes).unwrap();
    (queue, written, answer)
}

#[test]
fn many_lines_leave_in_one_write() {
    let (queue, written, answer) = gated(1024);
    queue.push(b"one\n");
    assert_eq!(written.recv().unwrap(), "one\n");
    queue.push(b"two\n");
    queue.push(b"three\n");
    answer.send(Ok(())).unwrap();
    assert_eq!(written.recv().unwrap(), "two\nthree\n");
    answer.send(Ok(())).unwrap();
    assert!(queue.flush(PLENTY));
}

#[test]
fn a_stuck_output_drops_and_counts_but_blocks_nobody() {
    let (queue, written, answer) = gated(8);
    queue.push(b"one\n");
    written.recv().unwrap();
    for _ in 0..5 {
        queue.push(b"two\n");
    }
    assert_eq!(queue.dropped(), 3);
    assert!(!queue.flush(Duration::from_millis(1)));
    answer.send(Ok(())).unwrap();
    answer.send(Ok(())).unwrap();
    assert!(queue.flush(PLENTY));
    assert_eq!(written.recv().unwrap(), "two\ntwo\n");
}

#[test]
fn lines_that_cannot_be_written_are_counted() {
    let (queue, written, answer) = gated(1024);
    answer.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
    queue.push(b"one\ntwo\n");
    assert!(queue.flush(PLENTY));
    assert_eq!((written.recv().unwrap().as_str(), queue.dropped()), ("one\ntwo\n", 2));
}

#[test]
fn an_output_that_would_block_is_tried_again() {
    let (queue, written, answer) = gated(1024);
    answer.send(Err(io::ErrorKind::WouldBlock.into())).unwrap();
    answer.send(Err(io::ErrorKind::Interrupted.into())).unwrap();
    answer.send(Ok(())).unwrap();
    queue.push(b"one\n");
    assert!(queue.flush(PLENTY));
    assert_eq!(written.iter().take(3).collect::<Vec<_>>(), ["one\n", "one\n", "one\n"]);
    assert_eq!(queue.dropped(), 0);
}

#[test]
fn closing_writes_what_waits_and_ends_the_thread() {
    let (queue, written, answer) = gated(1024);
    answer.send(Ok(())).unwrap();
    queue.push(b"last\n");
    queue.close();
    queue.push(b"too late\n");
    // The channel ends when the thread has dropped its output.
    assert_eq!(written.iter().collect::<String>(), "last\n");
    assert_eq!(queue.dropped(), 1);
}

#[test]
fn lines_of_many_threads_stay_whole() {
    const THREADS: usize = 4;
    const LINES: usize = 5_000;
    let (writes, written) = channel();
    let (answer, answers) = channel();
    (0..THREADS * LINES).for_each(|_| answer.send(Ok(())).unwrap());
    let queue = LineQueue::start(Gate { writes, answers }, LineQueue::LIMIT_BYTES).unwrap();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let queue = &queue;
            let push = move |number| queue.push(format!("{thread} {number}\n").as_bytes());
            scope.spawn(move || (0..LINES).for_each(push));
        }
    });
    queue.close();
    let text: String = written.iter().collect();
    for thread in 0..THREADS {
        let from_thread = text.lines().filter_map(|line| line.strip_prefix(&format!("{thread} ")));
        let numbers: Vec<usize> = from_thread.map(|number| number.parse().unwrap()).collect();
        assert_eq!(numbers, (0..LINES).collect::<Vec<_>>());
    }
    assert_eq!(queue.dropped(), 0);
}
