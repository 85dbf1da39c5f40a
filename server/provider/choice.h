/*
 * choice.h: what an interactive message lets people choose, in the order in which the choices are
 * numbered where they leave as text (struct provider.numbers_choices).
 */
#ifndef PROVIDER_CHOICE_H
#define PROVIDER_CHOICE_H

#include "provider/message.h"

#define CHOICES_MAX 99 /* that are read: Meta takes 3 buttons or 10 rows; numbers of two digits */
struct choice { str id, title, description; bool is_row; };
/* Buttons or rows of lists, in order; how many. Texts borrow from the JSON. */
size_t choices_read(json interactive, struct choice out[CHOICES_MAX]);
/* The number that an answer is, if it is nothing but one: "2", "2.", " (2) ", a keycap. 0: none. */
size_t choice_number(str answer);

#endif
