//! The demo in Rust: it does what ../../demo.c does, and prints the same.
//!
//! A library (a "reactor") has no main: its host calls what it likes, here run_demo. What fails
//! prints a line and the demo goes on.

#[path = "../../http.rs"]
mod http;

use http::Request;
use std::{fs, io};

const SHOWN: usize = 300; // bytes of a long body

extern "C" {
    /// All constructors, libc's among them, which learn what directories and environment there are.
    /// Most compilers give a library no `_initialize` that would run them; then every export does
    /// so at each call, the `malloc` that the host calls too, unless somebody calls this.
    fn __wasm_call_ctors();
}

/// Print text, each of its lines marked as ours.
fn say(text: &[u8]) {
    for line in String::from_utf8_lossy(text).lines() {
        println!("[guest] {}", line);
    }
}

fn use_file(path: &str) -> io::Result<()> {
    fs::write(path, "Hello from WebAssembly\n")?;
    println!("[guest] {}: written", path);
    let text = fs::read_to_string(path)?;
    println!("[guest] {}: read: {}", path, text.trim_end());
    Ok(())
}

/// Send a request and print its status, and its body up to `shown` bytes.
fn exchange(request: &Request, shown: usize) {
    let name = format!("{} {}", request.method, request.url);
    match http::send(request) {
        Ok(response) => {
            println!("[guest] {}: status {}", name, response.status_code);
            say(&response.body[..shown.min(response.body.len())]);
        }
        Err(error) => println!("[guest] {}: error: {}", name, error),
    }
}

fn get(url: &str, shown: usize) {
    exchange(&Request::new("GET", url), shown);
}

fn post(url: &str, json: &serde_json::Value) {
    let mut request = Request::new("POST", url);
    request
        .headers
        .insert("Content-Type".into(), "application/json".into());
    request
        .headers
        .insert("X-Custom-Header".into(), "Wasm-is-cool".into());
    request.body = Some(json.to_string().into_bytes());
    exchange(&request, SHOWN);
}

#[no_mangle]
pub extern "C" fn run_demo() {
    unsafe { __wasm_call_ctors() };
    if let Err(error) = use_file("/demo.txt") {
        println!("[guest] /demo.txt: error: {}", error);
    }
    get("https://httpbin.org/cookies/set/session/12345", 0);
    get("https://httpbin.org/cookies", usize::MAX);
    post(
        "https://httpbin.org/post",
        &serde_json::json!({"source": "WebAssembly", "value": 42}),
    );
}
