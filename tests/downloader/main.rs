//! The downloader against a local server that does everything a server should not.

mod server;

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use atelier::data::Error;
use atelier::data::fetch::{Policy, Progress, RemoteFile, download};
use sha2::{Digest, Sha256};

use server::{Reply, Server};

const NAME: &str = "train-images-idx3-ubyte.gz";

/// 200,000 bytes in which no two stretches are alike, so that bytes in the wrong place are seen.
fn content() -> Vec<u8> {
    (0_u32..50_000).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Impatient, so that the tests are quick; loopback needs no proxy.
fn policy() -> Policy {
    Policy {
        connect: Duration::from_secs(2),
        stall: Duration::from_secs(1),
        total: Duration::from_secs(20),
        redirects: 4,
        attempts: 3,
        resumes: 10,
        pause: Duration::from_millis(2),
        lock_wait: Duration::from_secs(10),
        use_proxy: false,
    }
}

/// Downloads from these servers into `folder`.
fn fetch_into(folder: &Path, servers: &[&Server], policy: &Policy) -> Result<Vec<u8>, Error> {
    let sha256 = hash(&content());
    let file = RemoteFile { name: NAME, size: 200_000, sha256: &sha256 };
    let mirrors: Vec<_> = servers.iter().map(|server| server.address()).collect();
    download(&file, &mirrors, folder, policy, &mut |_| {}).map(|path| fs::read(path).unwrap())
}

/// What one server that replies like this leads to; the folder's files afterwards, the lock aside.
fn outcome(replies: Vec<Reply>) -> (Result<Vec<u8>, Error>, Server, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(content(), replies);
    let result = fetch_into(folder.path(), &[&server], &policy());
    (result, server, files(folder.path()))
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != ".lock").collect();
    names.sort();
    names
}

/// The file arrives whole after these replies, and nothing else is left; gives the ranges that were asked for.
#[track_caller]
fn arrives(replies: Vec<Reply>) -> Vec<Option<u64>> {
    let (result, server, files) = outcome(replies);
    assert!(result.unwrap() == content());
    assert_eq!(files, [NAME]);
    server.ranges()
}

/// The download fails with this in the message, and no file has the final name; gives the number of requests.
#[track_caller]
fn fails(replies: Vec<Reply>, expected: &str) -> usize {
    let (result, server, files) = outcome(replies);
    let message = result.unwrap_err().to_string();
    assert!(message.contains(expected), "{message}");
    assert!(message.starts_with(&format!("{NAME} could not be downloaded: http://127.0.0.1:")), "{message}");
    assert!(!files.contains(&NAME.to_owned()), "{files:?}");
    server.ranges().len()
}

#[test]
fn a_good_server_is_asked_once() {
    assert_eq!(arrives(vec![Reply::Serve]), [None]);
}

#[test]
fn a_cut_download_goes_on_where_it_stopped() {
    let ranges = arrives(vec![Reply::Cut(70_000), Reply::Cut(50_000), Reply::Serve]);
    assert_eq!(ranges, [None, Some(70_000), Some(120_000)]);
}

#[test]
fn a_body_without_a_length_that_ends_early_goes_on_too() {
    assert_eq!(arrives(vec![Reply::CutUnannounced(60_000), Reply::Serve]), [None, Some(60_000)]);
}

#[test]
fn a_stall_is_cut_off_and_goes_on() {
    let start = Instant::now();
    assert_eq!(arrives(vec![Reply::Stall(90_000), Reply::Serve]), [None, Some(90_000)]);
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    assert_eq!(fails(vec![Reply::Silence], "it does not answer"), 3);
}

#[test]
fn a_server_that_ignores_the_range_restarts() {
    assert_eq!(arrives(vec![Reply::Cut(70_000), Reply::IgnoreRange]), [None, Some(70_000)]);
}

#[test]
fn a_wrong_range_is_not_glued_on() {
    let ranges = arrives(vec![Reply::Cut(70_000), Reply::WrongRange, Reply::Serve]);
    assert_eq!(ranges, [None, Some(70_000), None]);
}

#[test]
fn a_range_that_is_refused_starts_again() {
    let ranges = arrives(vec![Reply::Cut(70_000), Reply::Status("416 Range Not Satisfiable"), Reply::Serve]);
    assert_eq!(ranges, [None, Some(70_000), None]);
}

#[test]
fn corrupt_bytes_are_thrown_away_and_asked_for_again() {
    assert_eq!(arrives(vec![Reply::Corrupt, Reply::Serve]), [None, None]);
    assert_eq!(fails(vec![Reply::Corrupt], "the SHA-256 of what came is"), 3);
}

#[test]
fn too_much_is_stopped_at_the_size_of_the_file() {
    let (result, _, files) = outcome(vec![Reply::TooMuch]);
    assert!(result.unwrap_err().to_string().contains("it sends more than 200,000 bytes"));
    assert_eq!(files, [""; 0], "nothing is kept of it");
}

#[test]
fn a_length_that_is_not_the_files_is_refused_before_a_byte_is_read() {
    assert_eq!(fails(vec![Reply::WrongLength], "it announces 200,001 bytes instead of 200,000"), 1);
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    let good = Server::start(content(), vec![Reply::Serve]);
    let folder = tempfile::tempdir().unwrap();
    let hop = Server::start(content(), vec![Reply::Redirect(format!("{}{NAME}", good.address()))]);
    assert!(fetch_into(folder.path(), &[&hop], &policy()).unwrap() == content());
    assert_eq!(good.ranges().len(), 1);
    // The first request and the four redirects that the policy allows.
    assert_eq!(fails(vec![Reply::RedirectToItself], "it redirects without end"), 5);
}

#[test]
fn a_missing_file_is_not_asked_for_again_but_a_failing_server_is() {
    assert_eq!(fails(vec![Reply::Status("404 Not Found")], "it answers 404 Not Found"), 1);
    assert_eq!(fails(vec![Reply::Status("500 Internal Server Error")], "it answers 500"), 3);
    assert_eq!(arrives(vec![Reply::Status("503 Service Unavailable"), Reply::Serve]).len(), 2);
}

#[test]
fn what_is_not_http_is_an_error() {
    assert_eq!(fails(vec![Reply::Garbage], NAME), 3);
    assert_eq!(fails(vec![Reply::EndlessHeaders], NAME), 3);
}

#[test]
fn a_server_that_always_cuts_is_given_up_after_the_stated_number_of_resumes() {
    let requests = fails(vec![Reply::Cut(10)], "the connection was cut 11 times");
    assert_eq!(requests, 11);
}

#[test]
fn a_trickle_is_given_up_at_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(content(), vec![Reply::Trickle]);
    let policy = Policy { total: Duration::from_millis(600), ..policy() };
    let start = Instant::now();
    let message = fetch_into(folder.path(), &[&server], &policy).unwrap_err().to_string();
    assert!(message.contains("was too slow and was given up"), "{message}");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[test]
fn the_next_mirror_goes_on_where_the_first_failed() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(content(), vec![Reply::Cut(80_000), Reply::Status("404 Not Found")]);
    let second = Server::start(content(), vec![Reply::Serve]);
    assert!(fetch_into(folder.path(), &[&first, &second], &policy()).unwrap() == content());
    assert_eq!(second.ranges(), [Some(80_000)]);
}

#[test]
fn when_every_mirror_fails_each_reason_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(content(), vec![Reply::Status("403 Forbidden")]);
    let second = Server::start(content(), vec![Reply::Corrupt]);
    let message = fetch_into(folder.path(), &[&first, &second], &policy()).unwrap_err().to_string();
    for part in ["it answers 403 Forbidden; http://", "the SHA-256 of what came is", "ATELIER_DATA_DIR"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn nobody_listening_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mirror = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let file = RemoteFile { name: NAME, size: 1, sha256: "" };
    let error = download(&file, &[mirror], folder.path(), &policy(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Download { .. }), "{error}");
}

#[test]
fn an_earlier_part_file_is_used_if_it_is_right_and_dropped_if_not() {
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join(format!("{NAME}.part"));
    let server = Server::start(content(), vec![Reply::Serve]);
    // Complete, but not yet moved: nothing is asked for.
    fs::write(&part, content()).unwrap();
    assert!(fetch_into(folder.path(), &[&server], &policy()).unwrap() == content());
    assert_eq!(server.ranges(), []);
    // Longer than the file, or with other bytes in it.
    for wrong in [vec![7; 300_000], vec![7; 100]] {
        fs::remove_file(folder.path().join(NAME)).unwrap();
        fs::write(&part, wrong).unwrap();
        assert!(fetch_into(folder.path(), &[&server], &policy()).unwrap() == content());
    }
    assert_eq!(server.ranges(), [None, Some(100), None]);
}

#[test]
fn a_file_that_is_there_is_checked_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    let server = Server::start(content(), vec![Reply::Serve]);
    for (wrong, reason) in [(vec![1; 200_000], "its SHA-256 is"), (vec![1; 5], "has 5 bytes")] {
        fs::write(&path, &wrong).unwrap();
        let message = fetch_into(folder.path(), &[&server], &policy()).unwrap_err().to_string();
        assert!(message.contains(reason) && message.contains(NAME), "{message}");
        assert!(fs::read(&path).unwrap() == wrong);
    }
    fs::write(&path, content()).unwrap();
    fetch_into(folder.path(), &[&server], &policy()).unwrap();
    assert_eq!(server.ranges(), []);
}

#[test]
fn two_downloads_into_one_folder_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(content(), vec![Reply::Slow]);
    std::thread::scope(|scope| {
        let fetch = || fetch_into(folder.path(), &[&server], &policy()).unwrap();
        let handles = [scope.spawn(fetch), scope.spawn(fetch)];
        assert!(handles.into_iter().all(|handle| handle.join().unwrap() == content()));
    });
    assert_eq!(server.ranges(), [None], "the second finds the first one's file");
}

#[test]
fn a_lock_that_is_held_too_long_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let lock = fs::File::create(folder.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let server = Server::start(content(), vec![Reply::Serve]);
    let policy = Policy { lock_wait: Duration::from_millis(100), ..policy() };
    let error = fetch_into(folder.path(), &[&server], &policy).unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error}");
    // A process that dies gives its lock back.
    drop(lock);
    fetch_into(folder.path(), &[&server], &policy).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_a_write_error() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    fs::write(&blocked, "").unwrap();
    let server = Server::start(content(), vec![Reply::Serve]);
    let error = fetch_into(&blocked.join("below"), &[&server], &policy()).unwrap_err();
    assert!(error.is_write() && error.to_string().contains("file"), "{error}");
}

#[test]
fn progress_counts_up_to_the_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(content(), vec![Reply::Cut(70_000), Reply::Serve]);
    let (sender, receiver) = mpsc::channel();
    let sha256 = hash(&content());
    let file = RemoteFile { name: NAME, size: 200_000, sha256: &sha256 };
    let mut report = |progress: Progress| match progress {
        Progress::Received { bytes, total, .. } => {
            assert_eq!(total, 200_000);
            sender.send(bytes).unwrap();
        }
        Progress::Failed { reason, .. } => {
            assert!(reason.contains("after 70,000 of 200,000 bytes"), "{reason}")
        }
        _ => {}
    };
    download(&file, &[server.address()], folder.path(), &policy(), &mut report).unwrap();
    let counts: Vec<_> = receiver.try_iter().collect();
    assert!(counts.is_sorted() && counts.contains(&70_000) && counts.last() == Some(&200_000));
}
