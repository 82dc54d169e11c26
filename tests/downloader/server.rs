//! An HTTP server of one file whose replies are told to it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How a request is replied to. `Cut`, `Stall` and `Corrupt` respect the range that was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// The file, or the range of it that was asked for.
    Serve,
    /// As many bytes, then the end, although all were announced.
    Cut(usize),
    /// The same without an announcement.
    CutUnannounced(usize),
    /// As many bytes, then silence.
    Stall(usize),
    /// A byte every 50 ms.
    Trickle,
    /// The file after a while.
    Slow,
    /// Nothing at all.
    Silence,
    /// The whole file, whatever range was asked for.
    IgnoreRange,
    /// A range that was not asked for.
    WrongRange,
    /// The file with one bit changed.
    Corrupt,
    /// The file and more, without end, without an announcement.
    TooMuch,
    /// A byte more, announced.
    WrongLength,
    /// Another address.
    Redirect(String),
    /// The address that was asked for.
    RedirectToItself,
    /// This status and nothing else.
    Status(&'static str),
    /// What is not HTTP.
    Garbage,
    /// Headers that do not end.
    EndlessHeaders,
}

/// Runs until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Option<u64>>>>,
    stopped: Arc<AtomicBool>,
}

impl Server {
    /// Replies to the first request by the first reply and so on; the last one is repeated.
    pub(crate) fn start(content: Vec<u8>, replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let (log, stop, content) = (requests.clone(), stopped.clone(), Arc::new(content));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), log, stop) = (stream, log.clone(), stop.clone()) else {
                    return;
                };
                let (content, replies) = (content.clone(), replies.clone());
                // A client that hangs up is no error here.
                thread::spawn(move || drop(serve(&stream, &content, &replies, &log, &stop)));
            }
        });
        Self { address, requests, stopped }
    }

    /// Ends in a slash.
    pub(crate) fn address(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// For each request, where its range began.
    pub(crate) fn ranges(&self) -> Vec<Option<u64>> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(
    mut stream: &TcpStream,
    content: &[u8],
    replies: &[Reply],
    log: &Mutex<Vec<Option<u64>>>,
    stop: &AtomicBool,
) -> std::io::Result<()> {
    let mut range = None;
    let mut path = String::new();
    for line in BufReader::new(stream).lines() {
        let line = line?.to_ascii_lowercase();
        if let Some(asked) = line.strip_prefix("get ") {
            path = asked.split(' ').next().unwrap_or_default().to_owned();
        }
        if let Some(from) = line.strip_prefix("range: bytes=") {
            range = from.trim_end_matches('-').parse().ok();
        }
        if line.is_empty() {
            break;
        }
    }
    if path.is_empty() {
        return Ok(());
    }
    let reply = {
        let mut log = log.lock().unwrap();
        log.push(range);
        replies[(log.len() - 1).min(replies.len() - 1)].clone()
    };
    let from = range.unwrap_or(0) as usize;
    let rest = content.get(from..).unwrap_or_default();
    let head = if range.is_some() { partial(from, content.len()) } else { whole(content.len()) };
    let wait = || {
        // Until the client gives up, or the test ends.
        for _ in 0..200 {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
    };
    let mut send = |head: &str, body: &[u8]| {
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)
    };
    match reply {
        Reply::Serve => send(&head, rest),
        Reply::Cut(count) => send(&head, &rest[..count.min(rest.len())]),
        Reply::CutUnannounced(count) => send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", &rest[..count]),
        Reply::Stall(count) => {
            send(&head, &rest[..count])?;
            wait();
            Ok(())
        }
        Reply::Trickle => {
            send(&head, b"")?;
            for byte in rest.iter().take(200) {
                send("", &[*byte])?;
                thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        }
        Reply::Slow => {
            thread::sleep(Duration::from_millis(200));
            send(&head, rest)
        }
        Reply::Silence => {
            wait();
            Ok(())
        }
        Reply::IgnoreRange => send(&whole(content.len()), content),
        Reply::WrongRange => send(&partial(from + 1, content.len()), &rest[1..]),
        Reply::Corrupt => {
            let mut body = rest.to_vec();
            body[rest.len() / 2] ^= 1;
            send(&head, &body)
        }
        Reply::TooMuch => {
            send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", content)?;
            (0..1000).try_for_each(|_| send("", content))
        }
        Reply::WrongLength => send(&whole(content.len() + 1), content),
        Reply::Redirect(to) => send(&redirect(&to), b""),
        Reply::RedirectToItself => send(&redirect(&path), b""),
        Reply::Status(status) => {
            send(&format!("HTTP/1.1 {status}\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"), b"oops")
        }
        Reply::Garbage => send("", b"220 ftp ready\r\n\r\n"),
        Reply::EndlessHeaders => {
            send("HTTP/1.1 200 OK\r\n", b"")?;
            (0..100_000).try_for_each(|index| send(&format!("X-{index}: {index}\r\n"), b""))
        }
    }
}

fn whole(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
}

fn partial(from: usize, length: usize) -> String {
    let (count, last) = (length - from, length - 1);
    format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{last}/{length}\r\nContent-Length: {count}\r\nConnection: close\r\n\r\n"
    )
}

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}
