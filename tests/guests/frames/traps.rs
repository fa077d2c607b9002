//! Traps and panics, as tests/cli/frames.py looks at their backtraces. run(n) does the one of
//! number n.

/// What an optimizer does not see through.
#[inline(never)]
fn hidden<T: Copy>(value: T) -> T {
    unsafe { std::ptr::read_volatile(&value) }
}

mod shop {
    pub struct Basket {
        pub items: Vec<u32>,
    }

    pub trait Price {
        fn price(&self, at: usize) -> u32;
    }

    impl Basket {
        #[inline(always)]
        pub fn item(&self, at: usize) -> u32 {
            self.items[at]
        }
    }

    impl Price for Basket {
        #[inline(never)]
        fn price(&self, at: usize) -> u32 {
            self.item(at) + self.item(at + 1)
        }
    }
}

use shop::Price;

#[inline(always)]
fn divide(a: u32, b: u32) -> u32 {
    a / b
}

#[inline(never)]
fn deep(n: u32) -> u32 {
    match n {
        0 => divide(n, hidden(0)),
        _ => deep(n - 1) + 1,
    }
}

#[inline(never)]
fn generic<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse::<T>().unwrap()
}

#[inline(never)]
fn endless(n: u64) -> u64 {
    let kept = hidden([n; 32]);
    endless(n + 1) + kept[n as usize & 31]
}

#[no_mangle]
pub extern "C" fn run(n: u32) -> u32 {
    let basket = shop::Basket { items: (0..hidden(3)).collect() };
    match n {
        0 => divide(n, hidden(0)),
        1 => deep(4),
        2 => basket.price(2),
        3 => generic::<u32>("many"),
        4 => generic::<i64>("9x") as u32,
        5 => endless(0) as u32,
        6 => basket.items.iter().map(|&i| divide(6, i)).sum(),
        7 => (|| hidden(None::<u32>).expect("a number"))(),
        8 => unsafe { *(hidden(0x7FFF_FFF0usize) as *const u32) },
        9 => std::process::abort(),
        10 => core::arch::wasm32::unreachable(),
        _ => n,
    }
}
