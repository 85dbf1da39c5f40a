/*
 * http.h: any service that is called by HTTP, by a configuration alone.
 *
 * The configuration is held to docs/api/transport.schema.json, wherever it comes from. Guide:
 * docs/guide/custom-transport.md.
 */
#ifndef PROVIDER_HTTP_HTTP_H
#define PROVIDER_HTTP_HTTP_H

#include "provider/provider.h"

extern const struct provider http_provider;

/* The schema, as published. */
extern const char transport_schema[];
extern const unsigned transport_schema_size;

/* What would be called for a message, without calling it. Secrets are masked. */
struct transport_preview {
	enum http_method method;
	str url, body;
	const struct header *headers;
	size_t header_count;
};
enum err transport_render(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct transport_preview *out);

#endif
