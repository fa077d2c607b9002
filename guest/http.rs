//! HTTP for guests of hostel written in Rust, over the functions of the host's module `host`.
//!
//!     #[path = "../http.rs"]
//!     mod http;
//!
//!     let mut request = http::Request::new("GET", "https://...");
//!     request.headers.insert("Accept".into(), "text/plain".into());
//!     match http::send(&request) {
//!         Ok(response) => println!("{} {}", response.status_code, response.body.len()),
//!         Err(error) => println!("{}", error),
//!     }
//!
//! Requests and replies are JSON, which serde writes and reads; what http.h says of it holds here
//! too. It needs the crates serde (with its feature `derive`) and serde_json.
//!
//! The host puts a reply into memory that it asks of the module's export `malloc`, and we free it.
//! Both are libc's, on which Rust's std is built for WASI; the linker must be told to export the
//! one: `--export=malloc`, for which rust/build.rs cares. A `malloc` of our own in Rust cannot be
//! linked: libc's object file that defines it is needed for `calloc` and others, and names clash.
//! Better make the module a library (crate-type `cdylib`) as rust/src/lib.rs is: in a command of an
//! older compiler, each call of an export runs all constructors again.
//!
//! A body too large to have it whole is read piece by piece; host and guest need constant memory:
//!
//!     let mut stream = http::open(&request)?;
//!     std::io::copy(&mut stream, &mut file)?;
//!
//! Include it once in a guest. Not everybody uses all of it.
#![allow(dead_code)]

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::{fmt, io, slice};

#[derive(Serialize)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub body: Option<Vec<u8>>,
}

/// A response; its headers' names are in lower case.
#[derive(Deserialize, Debug, Default)]
#[serde(default)]
pub struct Response {
    pub status_code: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    error: Option<Error>,
}

/// Why no response came: `kind` is a word for programs ("denied", "dns"), `message` a text for
/// people.
#[derive(Deserialize, Debug, Clone)]
pub struct Error {
    pub kind: String,
    pub message: String,
}

/// A response whose body is still to be read, as from a file. The host has 16 at a time.
pub struct Stream {
    pub status_code: u16,
    pub headers: BTreeMap<String, String>,
    handle: Handle,
}

impl Request {
    pub fn new(method: &str, url: &str) -> Request {
        Request {
            method: method.into(),
            url: url.into(),
            headers: BTreeMap::new(),
            body: None,
        }
    }
}

/// Send a request and get the whole response.
pub fn send(request: &Request) -> Result<Response, Error> {
    let text = write(request)?;
    let reply = unsafe { host_http_request(text.as_ptr(), text.len()) };
    let (pointer, size) = ((reply >> 32) as usize as *mut u8, reply as u32 as usize);
    if pointer.is_null() {
        return Err(Error::here("no memory for the reply"));
    }
    let response = read(unsafe { slice::from_raw_parts(pointer, size) });
    unsafe { free(pointer) };
    response
}

/// Send a request and get the response when its headers are there.
pub fn open(request: &Request) -> Result<Stream, Error> {
    let text = write(request)?;
    let handle = Handle(unsafe { host_http_open(text.as_ptr(), text.len()) });
    let head = handle.head()?;
    Ok(Stream {
        status_code: head.status_code,
        headers: head.headers,
        handle,
    })
}

impl io::Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = unsafe { host_http_read(self.handle.0, buffer.as_mut_ptr(), buffer.len()) };
        if count >= 0 {
            return Ok(count as usize);
        }
        let error = self.handle.head().err();
        let error = error.unwrap_or_else(|| Error::here("the body cannot be read"));
        Err(io::Error::new(io::ErrorKind::Other, error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Error {}

// ---- the rest is how it is done ----

#[link(wasm_import_module = "host")]
extern "C" {
    fn host_http_request(request: *const u8, size: usize) -> u64;
    #[link_name = "http_open"]
    fn host_http_open(request: *const u8, size: usize) -> i32;
    #[link_name = "http_head"]
    fn host_http_head(handle: i32, buffer: *mut u8, size: usize) -> i32;
    #[link_name = "http_read"]
    fn host_http_read(handle: i32, buffer: *mut u8, size: usize) -> i32;
    #[link_name = "http_close"]
    fn host_http_close(handle: i32) -> i32;
}

extern "C" {
    fn free(pointer: *mut u8);
}

impl Error {
    /// An error that the host knows nothing of.
    fn here(message: &str) -> Error {
        Error {
            kind: "guest".into(),
            message: message.into(),
        }
    }
}

fn write(request: &Request) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(request).map_err(|error| Error::here(&error.to_string()))
}

fn read(reply: &[u8]) -> Result<Response, Error> {
    let reply = serde_json::from_slice(reply);
    let mut response: Response = reply.map_err(|error| Error::here(&error.to_string()))?;
    match response.error.take() {
        Some(error) => Err(error),
        None => Ok(response),
    }
}

/// What the host gives for an open response; below 0 it is none.
struct Handle(i32);

impl Handle {
    /// What the host says of it now: a response without body, or why it failed.
    fn head(&self) -> Result<Response, Error> {
        let size = unsafe { host_http_head(self.0, std::ptr::null_mut(), 0) };
        if size < 0 {
            return Err(Error::here("too many responses are open"));
        }
        let mut text = vec![0; size as usize];
        unsafe { host_http_head(self.0, text.as_mut_ptr(), text.len()) };
        read(&text)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        unsafe { host_http_close(self.0) };
    }
}
