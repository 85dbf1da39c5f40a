/* node_text.c: see node_text.h. */
#include "wa/client/node_text.h"

#include "base/test.h"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == ':' || c == '-';
}

static str take_word(const char **at)
{
	const char *from = *at;

	while (is_word(**at))
		(*at)++;
	return (str){ from, (size_t)(*at - from) };
}

static void take_char(const char **at, char c)
{
	if (**at != c)
		test_fail(__FILE__, __LINE__, "no %c before: %.40s", c, *at);
	(*at)++;
}

static void take_attrs(const char **at, struct node *node)
{
	while (**at == ' ') {
		const char *key, *from;

		(*at)++;
		key = arena_cstr(test_arena(), take_word(at));
		take_char(at, '=');
		take_char(at, '\'');
		from = *at;
		while (**at && **at != '\'')
			(*at)++;
		node_put(test_arena(), node, key, (str){ from, (size_t)(*at - from) });
		take_char(at, '\'');
	}
}

static struct node *take_node(const char **at, unsigned depth)
{
	struct node *node;
	const char *from;

	take_char(at, '<');
	node = node_new(test_arena(), arena_cstr(test_arena(), take_word(at)));
	take_attrs(at, node);
	if (depth > STANZA_DEPTH_MAX || **at == '/') {
		take_char(at, '/');
		take_char(at, '>');
		return node;
	}
	take_char(at, '>');
	for (from = *at; **at && **at != '<';)
		(*at)++;
	if (*at > from)
		node_put_data(node, (bytes){ (const uint8_t *)from, (size_t)(*at - from) });
	while (**at == '<' && (*at)[1] != '/')
		node_adopt(node, take_node(at, depth + 1));
	take_char(at, '<');
	take_char(at, '/');
	take_word(at);
	take_char(at, '>');
	return node;
}

const struct node *node_of(const char *text)
{
	const struct node *node = take_node(&text, 0);

	if (*text)
		test_fail(__FILE__, __LINE__, "left over: %.40s", text);
	return node;
}

str node_shown(const struct node *node)
{
	struct buf out = buf_in(test_arena(), 1u << 20);
	struct node *back = ARENA_NEW(test_arena(), struct node);
	const char *why = "";

	stanza_write(&out, node);
	if (out.failed || stanza_read(test_arena(), buf_bytes(&out), back, &why) != OK)
		test_fail(__FILE__, __LINE__, "does not go over the wire: %s", why);
	return node_print(test_arena(), back);
}
