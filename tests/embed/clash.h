/* Names that hostel has inside, and this program for things of its own. */
#define X       "a macro of ours"
#define REFUSED 7

enum { ERROR_IO = 1, VM_I32, NET_DENIED, WASI_DESCRIPTORS };

struct error {
    int number;
};

struct vm {
    struct error error;
};

int emit(int);
int memory_new(int);
int vm_open(int);
int error_set(int);

int emit(int number) {
    return number + 1;
}

int memory_new(int number) {
    return number + 2;
}

int vm_open(int number) {
    return number + 3;
}

int error_set(int number) {
    return number + 4;
}

static int our_sum(void) {
    struct vm vm = {{REFUSED}};
    return emit(0) + memory_new(0) + vm_open(0) + error_set(0) +
           vm.error.number + (int)sizeof X;
}

enum { OUR_SUM = 1 + 2 + 3 + 4 + REFUSED + (int)sizeof X };
