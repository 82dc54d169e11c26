//! Downloads that can be cut at any moment.
//!
//! A file is downloaded to `<name>.part` beside its place and moved there only when its size and SHA-256 are right. What
//! an interrupted download left is continued with an HTTP range request. A server is not trusted: it may cut, stall,
//! redirect for ever, ignore the range, or send something else or too much.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use ureq::Agent;
use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use ureq::http::{HeaderMap, StatusCode};

use super::Error;
use super::idx::{damaged, grouped};

/// A file as it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteFile<'a> {
    /// Its name, which is appended to a mirror's address.
    pub name: &'a str,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: &'a str,
}

/// How patient a download is.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The longest wait for a connection.
    pub connect: Duration,
    /// The longest wait for the next bytes.
    pub stall: Duration,
    /// The longest that one file may take from one mirror.
    pub total: Duration,
    /// How many redirects are followed.
    pub redirects: u32,
    /// How often a mirror is tried in a row without getting a new byte.
    pub attempts: u32,
    /// How often a cut download from one mirror is continued in all.
    pub resumes: u32,
    /// The pause before a mirror is tried again; it doubles each time.
    pub pause: Duration,
    /// How long to wait for another process that downloads into the same folder.
    pub lock_wait: Duration,
    /// Whether the environment's proxy settings (`https_proxy` and the like) are used.
    pub use_proxy: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            total: Duration::from_secs(3600),
            redirects: 5,
            attempts: 3,
            resumes: 50,
            pause: Duration::from_secs(1),
            lock_wait: Duration::from_secs(600),
            use_proxy: true,
        }
    }
}

/// What a download is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Another process is downloading into the same folder.
    Waiting {
        /// The file that is wanted.
        file: &'a str,
    },
    /// A request is sent.
    Asking {
        /// The file.
        file: &'a str,
        /// Its address.
        url: &'a str,
    },
    /// Bytes have come.
    Received {
        /// The file.
        file: &'a str,
        /// The bytes that are there by now.
        bytes: u64,
        /// The bytes of the whole file.
        total: u64,
    },
    /// A try failed; there may be another one.
    Failed {
        /// The file.
        file: &'a str,
        /// Its address.
        url: &'a str,
        /// What went wrong.
        reason: &'a str,
    },
    /// The file is complete and checked.
    Done {
        /// The file.
        file: &'a str,
    },
}

/// Why one try did not deliver the file.
enum Failure {
    /// Worth another try at the same mirror: a cut, a stall, an overloaded server.
    Passing(String),
    /// This mirror does not have the file.
    Final(String),
    /// The problem is on this side.
    Local(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Local(error)
    }
}

/// Downloads `file` from the first of `mirrors` (addresses of folders) that delivers it into `folder`, which is made if
/// need be. A file that is there already is checked and kept.
///
/// # Errors
///
/// [`Error::Damaged`] if the file is there but is not the published one (it is not replaced), [`Error::Busy`],
/// [`Error::Write`], [`Error::Read`], and [`Error::Download`] when no mirror delivered it.
pub fn download(
    file: &RemoteFile,
    mirrors: &[String],
    folder: &Path,
    policy: &Policy,
    progress: &mut dyn FnMut(Progress),
) -> Result<PathBuf, Error> {
    fs::create_dir_all(folder).map_err(|source| write_error(folder, source))?;
    let target = folder.join(file.name);
    if target.exists() {
        return keep(&target, file);
    }
    // Released when dropped, or by the operating system if this process is killed.
    let _lock = lock(folder, file.name, policy, progress)?;
    if target.exists() {
        return keep(&target, file);
    }
    let part = folder.join(format!("{}.part", file.name));
    let agent = agent(policy);
    let mut reasons = Vec::new();
    for mirror in mirrors {
        let url = format!("{}/{}", mirror.trim_end_matches('/'), file.name);
        match from_mirror(&agent, &url, file, &part, policy, progress) {
            Ok(()) => {
                publish(&part, &target, folder)?;
                progress(Progress::Done { file: file.name });
                return Ok(target);
            }
            Err(Failure::Passing(reason) | Failure::Final(reason)) => {
                reasons.push(format!("{url}: {reason}"))
            }
            Err(Failure::Local(error)) => return Err(error),
        }
    }
    Err(Error::Download { file: file.name.to_owned(), reasons: reasons.join("; ") })
}

/// The SHA-256 of a file's content in lower-case hexadecimal digits.
///
/// # Errors
///
/// Whatever reading says.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(format!("{:x}", hash.finalize()))
}

fn write_error(path: &Path, source: io::Error) -> Error {
    Error::Write { path: path.to_owned(), source }
}

fn keep(target: &Path, file: &RemoteFile) -> Result<PathBuf, Error> {
    let failed = |source| Error::Read { path: target.to_owned(), source };
    let size = fs::metadata(target).map_err(failed)?.len();
    let reason = if size != file.size {
        format!("has {} bytes, but the published file has {}", grouped(size), grouped(file.size))
    } else {
        let found = sha256(target).map_err(failed)?;
        if found == file.sha256 {
            return Ok(target.to_owned());
        }
        format!("its SHA-256 is {found}, but that of the published file is {}", file.sha256)
    };
    Err(damaged(target, reason, "delete it and give the command again"))
}

fn lock(
    folder: &Path,
    file: &str,
    policy: &Policy,
    progress: &mut dyn FnMut(Progress),
) -> Result<File, Error> {
    let path = folder.join(".lock");
    let failed = |source| write_error(&path, source);
    let lock = OpenOptions::new().create(true).write(true).truncate(false).open(&path).map_err(failed)?;
    let start = Instant::now();
    let mut told = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
            Err(TryLockError::WouldBlock) if start.elapsed() >= policy.lock_wait => {
                return Err(Error::Busy { path });
            }
            Err(TryLockError::WouldBlock) => {
                if !told {
                    progress(Progress::Waiting { file });
                    told = true;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

fn agent(policy: &Policy) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(policy.redirects)
        .user_agent(concat!("atelier/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(policy.connect))
        .timeout_connect(Some(policy.connect))
        .timeout_send_request(Some(policy.stall))
        .timeout_recv_response(Some(policy.stall))
        .timeout_per_read(Some(policy.stall));
    if !policy.use_proxy {
        config = config.proxy(None);
    }
    config.build().into()
}

/// Tries one mirror until the part file is the published one.
fn from_mirror(
    agent: &Agent,
    url: &str,
    file: &RemoteFile,
    part: &Path,
    policy: &Policy,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Failure> {
    let deadline = Instant::now() + policy.total;
    let (mut fruitless, mut pause) = (0, policy.pause);
    for _ in 0..=policy.resumes {
        let before = length(part);
        let failure = match transfer(agent, url, file, part, deadline, progress) {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        let (Failure::Passing(reason) | Failure::Final(reason)) = &failure else {
            return Err(failure);
        };
        progress(Progress::Failed { file: file.name, url, reason });
        let gained = length(part) > before;
        (fruitless, pause) = if gained { (0, policy.pause) } else { (fruitless + 1, pause * 2) };
        if matches!(failure, Failure::Final(_)) || fruitless >= policy.attempts || Instant::now() >= deadline
        {
            return Err(failure);
        }
        thread::sleep(pause);
    }
    Err(Failure::Final(format!("the connection was cut {} times", policy.resumes + 1)))
}

/// One request: continues the part file, and checks it if that completes it.
fn transfer(
    agent: &Agent,
    url: &str,
    file: &RemoteFile,
    part: &Path,
    deadline: Instant,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Failure> {
    let failed = |source| write_error(part, source);
    let mut have = Some(length(part)).filter(|&have| have <= file.size).unwrap_or(0);
    let mut body = None;
    if have < file.size {
        progress(Progress::Asking { file: file.name, url });
        let mut request = agent.get(url);
        if have > 0 {
            request = request.header(RANGE, format!("bytes={have}-"));
        }
        let response = request.call().map_err(|error| refused(&error))?;
        have = accept(response.status(), response.headers(), have, file, part)?;
        body = Some(response.into_body().into_reader());
    }
    // Not before the server has agreed to send: a refusal must not cost what is there.
    let mut out = OpenOptions::new().create(true).write(true).truncate(false).open(part).map_err(failed)?;
    if let Some(mut body) = body {
        out.set_len(have).map_err(failed)?;
        out.seek(SeekFrom::Start(have)).map_err(failed)?;
        receive(&mut body, &mut out, have, file, part, deadline, progress)?;
    }
    out.sync_all().map_err(failed)?;
    drop(out);
    let found = sha256(part).map_err(|source| Error::Read { path: part.to_owned(), source })?;
    if found == file.sha256 {
        return Ok(());
    }
    discard(part)?;
    Err(Failure::Passing(format!("the SHA-256 of what came is {found} instead of {}", file.sha256)))
}

fn refused(error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::TooManyRedirects => Failure::Final("it redirects without end".to_owned()),
        ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => Failure::Final(error.to_string()),
        ureq::Error::Io(error) => Failure::Passing(error.to_string()),
        ureq::Error::Timeout(_) => Failure::Passing(format!("it does not answer ({error})")),
        _ => Failure::Passing(error.to_string()),
    }
}

/// Decides by status and headers where in the file the body begins.
fn accept(
    status: StatusCode,
    headers: &HeaderMap,
    have: u64,
    file: &RemoteFile,
    part: &Path,
) -> Result<u64, Failure> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let start = match status {
        // A server that ignores the range sends the whole file: start again.
        StatusCode::OK => 0,
        StatusCode::PARTIAL_CONTENT => {
            let range = text(CONTENT_RANGE).unwrap_or("none");
            if !continues(range, have, file.size) {
                discard(part)?;
                return Err(Failure::Passing(format!(
                    "asked to go on at byte {have}, it answered `{range}`"
                )));
            }
            have
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            discard(part)?;
            return Err(Failure::Passing("it cannot go on where the last download stopped".to_owned()));
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            return Err(Failure::Passing(format!("it answers {status}")));
        }
        _ if status.is_server_error() => {
            return Err(Failure::Passing(format!("it answers {status}")));
        }
        _ => return Err(Failure::Final(format!("it answers {status}"))),
    };
    let announced = text(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    match announced {
        Some(length) if start.checked_add(length) != Some(file.size) => Err(Failure::Final(format!(
            "it announces {} bytes instead of {}",
            grouped(length),
            grouped(file.size - start)
        ))),
        _ => Ok(start),
    }
}

/// Whether a Content-Range such as `bytes 100-199/200` begins at byte `have` of a file of `size` bytes.
fn continues(range: &str, have: u64, size: u64) -> bool {
    let parts = || {
        let (span, whole) = range.strip_prefix("bytes ")?.split_once('/')?;
        Some((span.split_once('-')?.0.parse::<u64>().ok()?, whole))
    };
    parts().is_some_and(|(start, whole)| start == have && (whole == "*" || whole.parse() == Ok(size)))
}

/// Writes the body to the part file, and never more than the file may have.
fn receive(
    body: &mut impl Read,
    out: &mut File,
    mut have: u64,
    file: &RemoteFile,
    part: &Path,
    deadline: Instant,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Failure> {
    let mut buffer = [0; 1 << 16];
    loop {
        let cut = |why: &str| {
            let (have, size) = (grouped(have), grouped(file.size));
            Failure::Passing(format!("the connection {why} after {have} of {size} bytes"))
        };
        if Instant::now() >= deadline {
            return Err(cut("was too slow and was given up"));
        }
        match body.read(&mut buffer) {
            Ok(0) if have == file.size => return Ok(()),
            Ok(0) => return Err(cut("was cut")),
            Ok(count) if have + count as u64 > file.size => {
                discard(part)?;
                return Err(Failure::Final(format!("it sends more than {} bytes", grouped(file.size))));
            }
            Ok(count) => {
                out.write_all(&buffer[..count]).map_err(|source| write_error(part, source))?;
                have += count as u64;
                progress(Progress::Received { file: file.name, bytes: have, total: file.size });
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(cut("stalled")),
            Err(error) => return Err(cut(&format!("was cut ({error})"))),
        }
    }
}

fn length(part: &Path) -> u64 {
    fs::metadata(part).map_or(0, |metadata| metadata.len())
}

fn discard(part: &Path) -> Result<(), Error> {
    match fs::remove_file(part) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(write_error(part, source)),
        _ => Ok(()),
    }
}

/// Moves the checked file to its place; both names are in one folder, so this is atomic.
fn publish(part: &Path, target: &Path, folder: &Path) -> Result<(), Error> {
    fs::rename(part, target).map_err(|source| write_error(target, source))?;
    // Only Unix lets a folder be opened and synchronised; elsewhere the rename is all there is.
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| write_error(folder, source))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::continues;

    #[test]
    fn a_range_must_go_on_where_the_part_file_ends() {
        assert!(continues("bytes 100-199/200", 100, 200));
        assert!(continues("bytes 100-199/*", 100, 200));
        for wrong in ["bytes 0-199/200", "bytes 100-199/300", "100-199/200", "bytes */200", "none", ""] {
            assert!(!continues(wrong, 100, 200), "{wrong}");
        }
    }
}
