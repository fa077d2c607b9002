/* Quicksort of numbers, insertion sort below 12: unpredictable branches. sizes:
 * 8 1 */
#include "bench/guests/guest.h"

enum { COUNT = 200000 };

static uint32_t numbers[COUNT];

static void insertion_sort(uint32_t *a, uint32_t n) {
    for (uint32_t i = 1; i < n; i++) {
        uint32_t x = a[i], k = i;
        for (; k > 0 && a[k - 1] > x; k--)
            a[k] = a[k - 1];
        a[k] = x;
    }
}

static void quicksort(uint32_t *a, uint32_t n) {
    while (n > 12) {
        uint32_t pivot = a[n / 2], i = 0, k = n - 1;
        for (;; i++, k--) {
            while (a[i] < pivot)
                i++;
            while (a[k] > pivot)
                k--;
            if (i >= k)
                break;
            uint32_t x = a[i];
            a[i] = a[k];
            a[k] = x;
        }
        quicksort(a, i);
        a += i, n -= i;
    }
    insertion_sort(a, n);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0, random = 7;
    while (rounds-- > 0) {
        for (uint32_t i = 0; i < COUNT; i++)
            numbers[i] = next_random(&random) >> 4;
        quicksort(numbers, COUNT);
        for (uint32_t i = 1; i < COUNT; i++) {
            if (numbers[i - 1] > numbers[i])
                return 1;
        }
        sum = mix(sum, numbers[COUNT / 3]);
    }
    return print_sum(sum);
}
