//! All of guest/http.rs, in a command.
//!
//! run:
//! out: /text: status 200, 12 bytes, content-length "12"
//! out: /nowhere: status 404
//! out: 256 bytes came back as they went
//! out: denied: example.org:80 is not allowed
//! out: invalid_request: not a method
//! out: memory stays as it is
//! out: /bytes: status 200, 2097152 bytes, sum 267386880
//! out: /short: status 200, 10 bytes, then protocol
//! out: 16 are open, then guest: too many responses are open
//! out: one more after one was closed
//! out: denied: example.org:80 is not allowed
//! status: 0

#[path = "../../../../guest/http.rs"]
mod http;

use http::{Error, Request, Response, Stream};
use std::io::Read;

fn get(path: &str) -> Request {
    let server = std::env::var("SERVER").unwrap();
    Request::new("GET", &format!("{}{}", server, path))
}

fn echo(body: Vec<u8>) -> Response {
    let mut request = get("/echo");
    request.method = "POST".into();
    request.body = Some(body);
    http::send(&request).unwrap()
}

/// What is wrong, in one line.
fn wrong<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => "nothing".into(),
        Err(error) => error.to_string(),
    }
}

fn whole() {
    let text = http::send(&get("/text")).unwrap();
    let length = &text.headers["content-length"];
    println!(
        "/text: status {}, {} bytes, content-length {:?}",
        text.status_code,
        text.body.len(),
        length
    );
    let nowhere = http::send(&get("/nowhere")).unwrap();
    println!("/nowhere: status {}", nowhere.status_code);
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(echo(bytes.clone()).body, bytes);
    println!("{} bytes came back as they went", bytes.len());
    println!(
        "{}",
        wrong(http::send(&Request::new("GET", "http://example.org/")))
    );
    println!(
        "{}",
        wrong(http::send(&Request::new("", "http://example.org/")))
    );
}

/// Replies are freed: after 50 of more than 100 KiB each, the memory is that of 5. A page or two of
/// 64 KiB may go to constructors, which run again with each call of `malloc` here.
fn memory() {
    let pages = || core::arch::wasm32::memory_size(0);
    let times = |count| (0..count).for_each(|_| drop(echo(vec![200; 32 << 10])));
    times(5);
    let before = pages();
    times(50);
    match pages() - before {
        0..=2 => println!("memory stays as it is"),
        more => println!("{} pages more", more),
    }
}

/// All that can be read, and why there is no more.
fn drain(mut stream: Stream) -> (Vec<u8>, Option<String>) {
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).err();
    (bytes, error.map(|error| error.to_string()))
}

fn pieces() {
    let stream = http::open(&get("/bytes")).unwrap();
    let status = stream.status_code;
    let (bytes, _) = drain(stream);
    let sum: u64 = bytes.iter().map(|&byte| u64::from(byte)).sum();
    println!(
        "/bytes: status {}, {} bytes, sum {}",
        status,
        bytes.len(),
        sum
    );
    let stream = http::open(&get("/short")).unwrap();
    let status = stream.status_code;
    let (bytes, error) = drain(stream);
    println!(
        "/short: status {}, {} bytes, then {}",
        status,
        bytes.len(),
        error.unwrap()
    );

    let mut open: Vec<Stream> = (0..16)
        .map(|_| http::open(&get("/text")).unwrap())
        .collect();
    println!(
        "{} are open, then {}",
        open.len(),
        wrong(http::open(&get("/text")))
    );
    open.pop();
    open.push(http::open(&get("/text")).unwrap());
    println!("one more after one was closed");
    open.clear();
    println!(
        "{}",
        wrong(http::open(&Request::new("GET", "http://example.org/")))
    );
}

fn main() {
    whole();
    memory();
    pieces();
}
