// SPDX-License-Identifier: Apache-2.0
#include "compiler/bmodel/sha256.h"

// The functions below are those of OpenSSL that read no configuration; what
// should replace them does.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace tpuc::bmodel {

std::string Sha256(absl::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256_CTX state;
  SHA256_Init(&state);
  SHA256_Update(&state, bytes.data(), bytes.size());
  SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), &state);
  return digest;
}

}  // namespace tpuc::bmodel
