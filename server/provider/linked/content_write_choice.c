/*
 * content_write_choice.c: buttons and lists.
 *
 * Those of ordinary accounts are often not drawn by the phones that get them: they leave as
 * numbered text, unless the channel asks for the real ones.
 */
#include "provider/linked/content_write_internal.h"

#define NUMBERED_MAX 16384

static void put_line(struct buf *b, str text)
{
	if (!text.len)
		return;
	if (b->len)
		buf_byte(b, '\n');
	buf_str(b, text);
}

static void put_choice(struct buf *b, size_t number, str title, str description)
{
	buf_printf(b, "\n%zu. " STR_F, number, STR_A(title));
	if (description.len)
		buf_printf(b, " (" STR_F ")", STR_A(description));
}

static void put_rows(struct buf *b, json sections)
{
	size_t number = 0;

	for (size_t i = 0; i < json_count(sections); i++) {
		json rows = json_field(json_at(sections, i), "rows");
		str title = json_text_at(json_at(sections, i), "title");

		if (title.len)
			buf_printf(b, "\n*" STR_F "*", STR_A(title));
		for (size_t j = 0; j < json_count(rows); j++)
			put_choice(b, ++number, json_text_at(json_at(rows, j), "title"),
				json_text_at(json_at(rows, j), "description"));
	}
}

str linked_numbered(struct arena *arena, json interactive)
{
	struct buf b = buf_in(arena, NUMBERED_MAX);
	json action = json_field(interactive, "action"), buttons = json_field(action, "buttons");
	str header = json_text_at(interactive, "header.text"),
	    link = json_text_at(action, "parameters.url");

	if (header.len)
		buf_printf(&b, "*" STR_F "*", STR_A(header));
	put_line(&b, json_text_at(interactive, "body.text"));
	if (json_count(buttons) || json_count(json_field(action, "sections")))
		buf_byte(&b, '\n');
	for (size_t i = 0; i < json_count(buttons); i++)
		put_choice(&b, i + 1, json_text_at(json_at(buttons, i), "reply.title"), STR_NONE);
	put_rows(&b, json_field(action, "sections"));
	if (link.len) {
		put_line(&b, json_text_at(action, "parameters.display_text"));
		put_line(&b, link);
	}
	if (json_text_at(interactive, "footer.text").len)
		buf_printf(&b, "\n\n_" STR_F "_", STR_A(json_text_at(interactive, "footer.text")));
	return buf_text(&b);
}

static Wa__Message *real_buttons(const struct writing *w)
{
	json list = json_path(w->content, "action.buttons");
	struct wa_button *buttons = ARENA_ARRAY(w->arena, struct wa_button, json_count(list) + 1);

	for (size_t i = 0; i < json_count(list); i++)
		buttons[i] = (struct wa_button){ json_text_at(json_at(list, i), "reply.id"),
			json_text_at(json_at(list, i), "reply.title") };
	return wa_message_buttons(w->arena, json_text_at(w->content, "body.text"),
		json_text_at(w->content, "footer.text"), buttons, json_count(list));
}

static size_t count_rows(json sections)
{
	size_t count = 0;

	for (size_t i = 0; i < json_count(sections); i++)
		count += json_count(json_field(json_at(sections, i), "rows"));
	return count;
}

static Wa__Message *real_list(const struct writing *w)
{
	json sections = json_path(w->content, "action.sections");
	struct wa_list list = { json_text_at(w->content, "header.text"),
		json_text_at(w->content, "body.text"), json_text_at(w->content, "footer.text"),
		json_text_at(w->content, "action.button"), NULL, 0 };
	struct wa_row *rows = ARENA_ARRAY(w->arena, struct wa_row, count_rows(sections) + 1);

	for (size_t i = 0; i < json_count(sections); i++) {
		json section = json_at(sections, i), these = json_field(section, "rows");
		str title = json_text_at(section, "title");

		for (size_t j = 0; j < json_count(these); j++)
			rows[list.count++] = (struct wa_row){ title.ptr ? title : S(""),
				json_text_at(json_at(these, j), "id"),
				json_text_at(json_at(these, j), "title"),
				json_text_at(json_at(these, j), "description") };
	}
	list.rows = rows;
	return wa_message_list(w->arena, &list);
}

/* The file of a header, if there is one: it carries the text as its caption. It is ours by its id,
 * or was fetched from its link. */
static enum err header_file(const struct writing *w, enum message_kind *kind,
	struct content_file *out)
{
	str type = json_text_at(w->content, "header.type");
	json file = json_field(json_field(w->content, "header"),
		type.len ? arena_cstr(w->arena, type) : "none");
	str id = json_text_at(file, "id"), ours = id.len ? id : json_text_at(file, "link");

	*kind = KIND_UNKNOWN;
	for (size_t i = 0; ours.len && i < w->out->swap_count; i++)
		if (str_is(w->out->swaps[i].ours, ours)) {
			*kind = kind_parse(type);
			return linked_file_take(w, w->out->swaps[i].remote_id, out);
		}
	return OK;
}

enum err linked_write_interactive(const struct writing *w, Wa__Message **out)
{
	str type = json_text_at(w->content, "type"), text = linked_numbered(w->arena, w->content);
	enum message_kind kind;
	struct content_file file = { 0 };

	TRY(header_file(w, &kind, &file));
	if (kind != KIND_UNKNOWN)
		*out = linked_write_file(w, kind, &file, wa_cstr(w->arena, text));
	else if (w->d->has_buttons && str_is_nocase(type, S("button")))
		*out = real_buttons(w);
	else if (w->d->has_buttons && str_is_nocase(type, S("list")))
		*out = real_list(w);
	else
		*out = wa_message_text(w->arena, text);
	return OK;
}
