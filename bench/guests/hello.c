/* The shortest program: what starting costs. repeat: 20 sizes: 1 1 */
#include <stdio.h>

int main(void) {
    return puts("hello, world") < 0;
}
