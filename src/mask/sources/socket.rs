//! Registration of secrets while a command runs, over a local socket.
//!
//! A request is `SKM1`, the length of the name and the length of the value (four bytes each, little endian),
//! the name, the value. The answer is one line: `ok CLASS SPELLINGS`, `weak REASON` or `error REASON`. It is
//! given when the value is in force.

use crate::mask::derive::Class;
use crate::mask::known::Learned;
use rustix::event::{PollFd, PollFlags};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// The variable that tells children where the socket is.
pub const VARIABLE: &str = "SEKISHO_MASK_SOCK";
const MAGIC: &[u8; 4] = b"SKM1";
const HEADER: usize = 12;
/// Longest name and value, in bytes.
const LONGEST: (usize, usize) = (1 << 10, 16 << 20);
/// Most clients at a time.
const CLIENTS: usize = 64;
/// How long a client waits for its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The listening side.
pub struct Server {
    listener: UnixListener,
    clients: Vec<Client>,
    path: PathBuf,
    /// The directory of a socket that was not named by the user; removed with the server.
    _directory: Option<TempDir>,
}

/// A name and a value.
type Registration = (String, Zeroizing<Vec<u8>>);

struct Client {
    stream: UnixStream,
    request: Zeroizing<Vec<u8>>,
}

impl Server {
    /// Listen in a directory of our own, which only this user may enter.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Server> {
        let directory = tempfile::Builder::new()
            .prefix("sekisho-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir()?;
        let path = directory.path().join("mask.sock");
        Server::bind(path, Some(directory))
    }

    /// Listen at a path that the user named.
    ///
    /// # Errors
    /// A directory that others may enter or that is not ours; what the system says.
    pub fn at(path: &Path) -> io::Result<Server> {
        let directory =
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let about = std::fs::metadata(directory)?;
        if about.mode() & 0o077 != 0 || about.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::new(
                ErrorKind::PermissionDenied,
                "its directory must be yours and closed to others (mode 0700)",
            ));
        }
        if UnixStream::connect(path).is_err() {
            let _ = std::fs::remove_file(path);
        }
        Server::bind(path.to_owned(), None)
    }

    fn bind(path: PathBuf, directory: Option<TempDir>) -> io::Result<Server> {
        let listener = UnixListener::bind(&path)?;
        listener.set_nonblocking(true)?;
        Ok(Server { listener, clients: Vec::new(), path, _directory: directory })
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Add what is to be watched.
    pub fn watch<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        fds.push(PollFd::new(&self.listener, PollFlags::IN));
        fds.extend(self.clients.iter().map(|client| PollFd::new(&client.stream, PollFlags::IN)));
    }

    /// Serve whoever has something to say. `learn` puts a value in force.
    pub fn serve(&mut self, learn: &mut dyn FnMut(&str, &[u8]) -> Learned) {
        while self.clients.len() < CLIENTS {
            let Ok((stream, _)) = self.listener.accept() else { break };
            if stream.set_nonblocking(true).is_ok() && trusted(&stream) {
                self.clients.push(Client { stream, request: Zeroizing::default() });
            }
        }
        self.clients.retain_mut(|client| client.serve(learn));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Only this user and root may register.
fn trusted(stream: &UnixStream) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let own = rustix::process::geteuid();
        rustix::net::sockopt::socket_peercred(stream)
            .is_ok_and(|peer| peer.uid == own || peer.uid == rustix::process::Uid::ROOT)
    }
    // Elsewhere the directory, which nobody else may enter, has to do.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = stream;
        true
    }
}

impl Client {
    /// False where the client is done with.
    fn serve(&mut self, learn: &mut dyn FnMut(&str, &[u8]) -> Learned) -> bool {
        let mut piece = Zeroizing::new([0u8; 16 << 10]);
        loop {
            match self.stream.read(&mut piece[..]) {
                Ok(0) => return false,
                Ok(count) => self.request.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
            match self.complete() {
                Ok(None) => {}
                Ok(Some((name, value))) => {
                    let answer = match learn(&name, &value) {
                        learned if learned.in_force() => {
                            format!("ok {} {}\n", learned.class.name(), learned.spellings)
                        }
                        Learned { class: Class::Weak(why), .. } => format!("weak {}\n", why.reason()),
                        Learned { .. } => "error nothing of it can be masked\n".to_owned(),
                    };
                    let _ = self.stream.write_all(answer.as_bytes());
                    return false;
                }
                Err(reason) => {
                    let _ = self.stream.write_all(format!("error {reason}\n").as_bytes());
                    return false;
                }
            }
        }
    }

    fn complete(&self) -> Result<Option<Registration>, &'static str> {
        let request = &self.request[..];
        if !MAGIC.starts_with(&request[..request.len().min(4)]) {
            return Err("this is not a request to register a secret");
        }
        let length = |at: usize| {
            let bytes = request.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(bytes) as usize)
        };
        let (Some(name), Some(value)) = (length(4), length(8)) else { return Ok(None) };
        if name > LONGEST.0 || value > LONGEST.1 {
            return Err("the value is larger than 16 MiB, or its name than 1 KiB");
        }
        let Some(body) = request.get(HEADER..HEADER + name + value) else { return Ok(None) };
        let shown = String::from_utf8_lossy(&body[..name]).into_owned();
        Ok(Some((shown, Zeroizing::new(body[name..].to_vec()))))
    }
}

/// Register a value with the mask that listens at `path`, and wait for the answer.
///
/// # Errors
/// No such socket, nobody behind it, no answer.
pub fn register(path: &Path, name: &str, value: &[u8]) -> io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request = Zeroizing::new(Vec::with_capacity(HEADER + name.len() + value.len()));
    request.extend_from_slice(MAGIC);
    for length in [name.len(), value.len()] {
        let length = u32::try_from(length).map_err(|_| io::Error::other("the value is too large"))?;
        request.extend_from_slice(&length.to_le_bytes());
    }
    request.extend_from_slice(name.as_bytes());
    request.extend_from_slice(value);
    stream.write_all(&request)?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    match answer.strip_suffix('\n') {
        Some(answer) => Ok(answer.to_owned()),
        None => Err(io::Error::new(ErrorKind::UnexpectedEof, "the mask gave no answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::known::Known;

    fn ask(server: &mut Server, known: &mut Known, name: &'static str, value: &'static [u8]) -> String {
        let path = server.path().to_owned();
        let client = std::thread::spawn(move || register(&path, name, value).unwrap());
        while !client.is_finished() {
            server.serve(&mut |name, value| known.learn(None, name, value));
            std::thread::sleep(Duration::from_millis(1));
        }
        client.join().unwrap()
    }

    #[test]
    fn an_answer_means_in_force() {
        let mut server = Server::new().unwrap();
        let mode = std::fs::metadata(server.path().parent().unwrap()).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
        let mut known = Known::new(false);
        assert_eq!(ask(&mut server, &mut known, "A", b"hunter2x"), "ok plain 1");
        assert_eq!(known.needles().len(), 1);
        assert_eq!(ask(&mut server, &mut known, "A", b"main"), "weak shorter than 6 bytes");
        let path = server.path().to_owned();
        drop(server);
        assert!(!path.exists() && !path.parent().unwrap().exists());
    }

    #[test]
    fn nonsense_is_refused() {
        let mut server = Server::new().unwrap();
        let mut stream = UnixStream::connect(server.path()).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        server.serve(&mut |_, _| unreachable!("nothing was registered"));
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("error "), "{answer}");
    }

    #[test]
    fn an_open_directory_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Server::at(&folder.path().join("s")).is_err());
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        assert!(Server::at(&folder.path().join("s")).is_ok());
    }
}
