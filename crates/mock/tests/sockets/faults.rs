//! Each fault, as it arrives.

use std::time::{Duration, Instant};

use playhouse_mock::server::body::End;

use crate::support::{Answer, Came, How, Server};

async fn met(answer: Answer) -> (Came, End) {
    let mut server = Server::giving(answer).await;
    let came = server.ask().await;
    (came, server.ended().await)
}

fn bytes_of(answer: &Answer) -> Vec<u8> {
    answer.frames().bytes.to_vec()
}

#[tokio::test]
async fn without_a_fault_a_whole_answer_has_a_length_and_a_stream_has_chunks() {
    let (whole, end) = met(Answer::whole("")).await;
    assert_eq!(whole.header("content-length"), Some(&*whole.body().len().to_string()));
    assert_eq!(whole.header("content-type"), Some("application/json"));
    assert_eq!((whole.body(), whole.how, end), (bytes_of(&Answer::whole("")), How::Closed, End::Complete));

    let (stream, end) = met(Answer::stream("")).await;
    assert_eq!(stream.header("content-length"), None);
    assert!(stream.has_last_chunk());
    assert_eq!((stream.body(), stream.how, end), (bytes_of(&Answer::stream("")), How::Closed, End::Complete));
}

#[tokio::test]
async fn resets_before_the_head_leave_nothing() {
    for kind in ["refuse", "reset_before_headers"] {
        for answer in [Answer::whole(kind), Answer::stream(kind)] {
            let (came, end) = met(answer).await;
            assert_eq!((came.bytes.len(), came.how, end), (0, How::Reset, End::Cut), "{kind}");
        }
    }
}

#[tokio::test]
async fn resets_in_the_head_leave_so_many_bytes_of_it() {
    for (fault, count) in [("reset_in_headers", 24), ("reset_in_headers:after_bytes=9", 9)] {
        for answer in [Answer::whole(fault), Answer::stream(fault)] {
            let (came, end) = met(answer).await;
            assert!(came.bytes.starts_with(b"HTTP/1.1 "), "{came:?}");
            assert_eq!((came.bytes.len(), came.how, end), (count, How::Reset, End::Cut), "{fault}");
        }
    }
}

#[tokio::test]
async fn a_reset_in_a_head_that_is_shorter_is_one_after_it() {
    let (came, _) = met(Answer::whole("reset_in_headers:after_bytes=5000")).await;
    assert_eq!((came.body().len(), came.how), (0, How::Reset));
}

#[tokio::test]
async fn resets_after_the_head_leave_all_of_it_and_nothing_else() {
    for answer in [Answer::whole("reset_after_headers"), Answer::stream("reset_after_headers")] {
        let (came, end) = met(answer).await;
        assert!(came.head().starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!((came.bytes.len(), came.how, end), (came.head().len(), How::Reset, End::Cut));
    }
}

#[tokio::test]
async fn a_cut_stream_lacks_its_last_chunk() {
    for (fault, events) in [("cut", 3), ("cut:after_events=1", 1), ("cut:after_events=99", 7)] {
        let answer = Answer::stream(fault);
        let frames = answer.frames();
        let (came, end) = met(answer).await;
        assert_eq!(came.body(), frames.bytes[..frames.ends[events - 1].0], "{fault}");
        assert!(!came.has_last_chunk());
        assert_eq!((came.how, end), (How::Closed, End::Cut));
    }
}

#[tokio::test]
async fn a_cut_whole_answer_is_shorter_than_promised() {
    let answer = Answer::whole("cut:after_bytes=100");
    let whole = bytes_of(&answer);
    let (came, end) = met(answer).await;
    assert_eq!(came.header("content-length"), Some(&*whole.len().to_string()));
    assert_eq!((came.body(), came.how, end), (whole[..100].to_vec(), How::Closed, End::Cut));
}

#[tokio::test]
async fn a_paced_stream_is_cut_between_events_too() {
    let answer = Answer::stream("cut:after_events=4").paced(Duration::from_millis(2));
    let frames = answer.frames();
    let (came, end) = met(answer).await;
    assert_eq!((came.body(), end), (frames.bytes[..frames.ends[3].0].to_vec(), End::Cut));
}

#[tokio::test]
async fn a_stall_is_a_silence_in_the_middle() {
    let answer = Answer::stream("stall:after_events=2:stall_ms=150");
    let server = Server::giving(answer).await;
    let mut client = server.connect().await;
    let begun = Instant::now();
    client.get("/").await;
    client.read_until("one ").await;
    let rest = client.read_until("[DONE]").await;
    assert!(rest.contains("two "));
    assert!(begun.elapsed() >= Duration::from_millis(150), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn whoever_leaves_in_a_stall_is_noticed() {
    let mut server = Server::giving(Answer::stream("stall:after_events=2")).await;
    let mut client = server.connect().await;
    client.get("/").await;
    client.read_until("one ").await;
    drop(client);
    assert_eq!(server.ended().await, End::ClientLeft);
}

#[tokio::test]
async fn a_drip_arrives_whole_but_slowly() {
    for answer in [Answer::whole("drip:bytes=100:every_ms=10"), Answer::stream("drip:bytes=100:every_ms=10")]
    {
        let bytes = bytes_of(&answer);
        let begun = Instant::now();
        let (came, end) = met(answer).await;
        let times = u32::try_from(came.bytes.len() / 100).unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(10) * times, "{:?} for {times}", begun.elapsed());
        assert_eq!((came.body(), came.how, end), (bytes, How::Closed, End::Complete));
    }
}

#[tokio::test]
async fn a_wrong_content_type_is_wrong() {
    let (came, _) = met(Answer::stream("wrong_content_type:content_type=text/plain")).await;
    assert_eq!(came.header("content-type"), Some("text/plain"));
    assert_eq!(came.body(), bytes_of(&Answer::stream("")));
}

#[tokio::test]
async fn an_empty_answer_has_no_body() {
    for answer in [Answer::whole("empty"), Answer::stream("empty")] {
        let (came, end) = met(answer).await;
        assert!(came.head().starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!((came.body().len(), came.how, end), (0, How::Closed, End::Complete));
    }
}

#[tokio::test]
async fn spoiled_bytes_come_in_whole_http() {
    for kind in [
        "malformed_chunk",
        "invalid_utf8",
        "truncated_json",
        "duplicate_chunk",
        "reordered_chunks",
        "missing_done",
        "missing_finish",
        "error_event",
    ] {
        let (stream, end) = met(Answer::stream(kind)).await;
        assert_ne!(stream.body(), bytes_of(&Answer::stream("")), "{kind}");
        assert!(stream.has_last_chunk() && end == End::Complete, "{kind}");
        let (whole, end) = met(Answer::whole(kind)).await;
        assert_eq!(whole.header("content-length"), Some(&*whole.body().len().to_string()), "{kind}");
        assert_eq!((whole.how, end), (How::Closed, End::Complete), "{kind}");
    }
}
