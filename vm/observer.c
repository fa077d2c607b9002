#include "vm/observer.h"

#include "vm/store.h"

enum op observer_ask(struct machine machine) {
    struct observer *observer = machine.instance->vm->observer;
    return observer->cell(observer, &machine);
}
