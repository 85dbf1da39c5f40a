/*
 * node_text.h: for tests: a stanza of the text that node_print() writes.
 *
 *	node_of("<iq type='result'><group id='1'>text</group></iq>")
 *
 * Lives in the test's arena; ends the test when it does not read. Attributes are texts, as lenient
 * readers take them.
 */
#ifndef WA_CLIENT_NODE_TEXT_H
#define WA_CLIENT_NODE_TEXT_H

#include "wa/stanza/stanza.h"

const struct node *node_of(const char *text);
/* The node as text, once it went through the wire's form. */
str node_shown(const struct node *node);

#endif
