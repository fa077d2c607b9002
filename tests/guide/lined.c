/* What lined.wat has been compiled from, by hand. */
static inline int share(int sum, int heads) {
    return sum / heads;
}
int run(int heads) {
    int sum = heads * 10;
    return share(sum, heads);
}
