/*
 * data.h: what fill.c writes and pages.c asks for: the same words, and a data folder that `parley
 * serve` would take.
 */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include "base/arena.h"
#include "runtime/job.h"

enum { VOCABULARY = 20000, WORD_MAX = 12 };

/* The n-th commonest word, the same in every run. */
str data_word(size_t n);
/* The rank of a word as people use them: the n-th commonest comes with 1/n (Zipf). */
size_t data_roll_word(uint64_t *seed);
/* [0, 1) */
double data_roll(uint64_t *seed);
/* Opens folder/master.key and folder/parley.db; ends the program with a sentence when it cannot. */
struct store *data_open(struct arena *arena, const char *folder, size_t cache_bytes);
/* Ends the program with the job's reason unless e is OK. */
void data_must(struct job *job, enum err e, const char *what);

#endif
