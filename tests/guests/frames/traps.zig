//! Traps, as tests/cli/frames.py looks at their backtraces. run(n) does the one of number n.
const std = @import("std");

pub fn panic(_: []const u8, _: ?*std.builtin.StackTrace, _: ?usize) noreturn {
    @trap();
}

var zero: u32 = 0;
var table = [_]u32{ 3, 1, 4, 1 };

inline fn divide(a: u32, b: u32) u32 {
    return a / b;
}

const Basket = struct {
    count: u32,

    fn price(self: *const Basket, at: u32) u32 {
        return self.count + divide(at, zero);
    }
};

noinline fn deep(n: u32) u32 {
    if (n == 0)
        return divide(1, zero);
    return deep(n - 1) + 1;
}

fn generic(comptime T: type, value: u32) T {
    const at: *volatile T = @ptrFromInt(0x7FFFFFF0 + (value & ~@as(u32, 7)));
    return at.*;
}

noinline fn endless(n: u32) u32 {
    var kept = [_]u32{n} ** 32;
    const at: *volatile [32]u32 = &kept;
    return endless(n +% 1) +% at[n & 31];
}

export fn run(n: u32) u32 {
    const basket = Basket{ .count = n };
    return switch (n) {
        0 => divide(n, zero),
        1 => deep(4),
        2 => basket.price(n),
        3 => generic(u32, n),
        4 => @truncate(generic(u64, n)),
        5 => endless(0),
        6 => table[n + zero],
        7 => @trap(),
        else => n,
    };
}
