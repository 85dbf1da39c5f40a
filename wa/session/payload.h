/*
 * payload.h: what a client says of itself at the end of the handshake.
 *
 * Versions are data: the caller gives them, so that a new one needs no build and an old one can
 * come back. Source: docs/protocol/linked-device-1-transport.md §3.
 */
#ifndef WA_SESSION_PAYLOAD_H
#define WA_SESSION_PAYLOAD_H

#include "wa/session/device.h"

struct wa_version { uint32_t primary, secondary, tertiary; };
/* "2.3000.1045649367"; false when it is something else. */
bool wa_version_read(str text, struct wa_version *out);
/* The newest we know of, November 2026. */
#define WA_VERSION_DEFAULT ((struct wa_version){ 2, 3000, 1045649367 })

struct wa_app {
	struct wa_version version;
	/* The name in the phone's list of devices, and the system it runs on: "Linux". */
	str os;
	bool full_history;
};

/* Who is not yet paired asks to be; who is, logs in. */
bytes payload_register(struct arena *arena, const struct device *d, const struct wa_app *client);
bytes payload_login(struct arena *arena, const struct device *d, const struct wa_app *client);
/* The text of the QR code; ref: of this code, from the server. */
str payload_qr(struct arena *arena, const struct device *d, str ref);

#endif
