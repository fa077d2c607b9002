//! Has the linker export libc's `malloc`, of which the host asks memory for replies (see
//! ../http.rs), from libraries and programs alike.
fn main() {
    println!("cargo:rustc-link-arg=--export=malloc");
    println!("cargo:rerun-if-changed=build.rs");
}
