/* openapi.h: docs/api/openapi.yaml as JSON text, made by tools/openapi.py at build. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

extern const char openapi_json[];
extern const unsigned openapi_json_size;

#endif
