/* A build without exceptions: no block is a try. */
#include "vm/rings.h"

#include <stddef.h>

void end_try(struct validator *v, struct control *block) {
    (void)v, (void)block;
}

void attempts_free(struct validator *v) {
    (void)v;
}

void tries_cut(struct code *code) {
    (void)code;
}

void tries_free(struct code *code) {
    (void)code;
}

void exceptions_free(struct vm *vm) {
    (void)vm;
}

bool exceptions_mark(struct vm *vm, struct meter *meter) {
    (void)vm, (void)meter;
    return true;
}

bool exceptions_refer(const struct vm *vm,
                      struct meter *meter,
                      struct instance **found) {
    (void)vm, (void)meter;
    *found = NULL;
    return true;
}

void exceptions_sweep(struct vm *vm) {
    (void)vm;
}
