;; lined.c, compiled by hand, and what a compiler says of its lines: DWARF 4, in custom sections, which
;; tests/guide/custom.py appends. Addresses count from the start of the code section's content: the
;; body begins at 2, the division is at 0a, the end at 0c.
(module
  (func (export "run") (param $heads i32) (result i32)
    local.get $heads      ;; 03   line 6
    i32.const 10
    i32.mul
    local.get $heads      ;; 08   line 7
    i32.div_s))           ;; 0a   line 3, of `share`

;; section .debug_line           a program that makes a table: 6.2 of DWARF 5
;;   44 00 00 00  04 00          size; version 4
;;   2b 00 00 00  01 01 01       size of the header
;;   fb 0e 0d                    what one byte says: lines from -5 on, 14 of them
;;   00 01 01 01 01 00 00 00 01 00 00 01
;;   00                          no directories
;;   "tests/guide/lined.c" 00 00 00 00
;;   00                          no more files
;;   00 05 02 02 00 00 00        the address is 2, the line 1
;;   03 04 01                    line += 4; a row: from 02 on it is line 5
;;   21                          1 further, 1 down: from 03 on line 6
;;   59                          5 further, 1 down: from 08 on line 7
;;   2a                          2 further, 4 up: from 0a on line 3
;;   25                          1 further, 5 down: from 0b on line 8
;;   02 01 00 01 01              1 further: the end

;; section .debug_abbrev         how entries are written: 7.5.3
;;   01 11 01  03 08  10 17  11 01  12 06  00 00             1: a unit
;;   02 2e 00  03 08  20 0b  00 00                           2: a function that is inlined
;;   03 2e 01  03 08  11 01  12 06  00 00                    3: a function
;;   04 1d 00  31 13  11 01  12 06  58 0b  59 0b  00 00      4: a place where 2 is inlined
;;   00

;; section .debug_info           the entries: 7.5
;;   40 00 00 00  04 00  00 00 00 00  04
;;   01 "lined" 00  00 00 00 00  02 00 00 00  0a 00 00 00    from 2 on, 10 bytes
;;   02 "share" 00  01                                       this stands at 1e
;;   03 "run" 00  02 00 00 00  0a 00 00 00
;;   04 1e 00 00 00  0a 00 00 00  01 00 00 00  01 07         what is at 1e, called in file 1, line 7
;;   00  00
