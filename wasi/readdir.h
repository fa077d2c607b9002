/* Directories being read. See readdir.c. */
#ifndef HOSTEL_WASI_READDIR_H
#define HOSTEL_WASI_READDIR_H

struct listing;

/* May be NULL. */
void listing_free(struct listing *listing);

#endif
