/* The public key that belongs to a user's nkey seed. */
#ifndef TERNI_NKEY_H
#define TERNI_NKEY_H

#include <tern/status.h>

/* Reads the seed ("SU...") from the first line of the file that has one, and makes its public key
 * ("U..."), to be freed with free. INVALID_ARGUMENT: the file holds no user seed. */
tern_status terni_nkey_from_seed_file(const char *path, char **out_public_key, tern_error *err);

#endif
