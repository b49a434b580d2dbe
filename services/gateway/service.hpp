// The gateway as a service: the bus on the host's loop, HTTP on threads of its own, the bridge between them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/service.hpp"

namespace drover::gateway {

struct Config : host::ServiceConfig {
    std::string http = "127.0.0.1:0";
    std::vector<std::string> http_names;
    bool http_insecure = false;
    std::string http_tokens_file;
    std::string http_tls_certificate_file;
    std::string http_tls_key_file;
    std::string secrets_public_key_file;

    std::vector<host::Option> options() {
        return host::join(service_options(),
                          {{"http", &http, "HOST:PORT to serve HTTP on; port 0 takes the one used last, or a free one"},
                           {"http_names", &http_names, "host names with a dot that clients may use"},
                           {"http_tokens_file", &http_tokens_file,
                            "file with who may come in, as `drover token new` writes it; everybody unless given"},
                           {"http_tls_certificate_file", &http_tls_certificate_file,
                            "PEM file with the certificate to serve HTTPS with, and those of its issuers"},
                           {"http_tls_key_file", &http_tls_key_file, "PEM file with the certificate's key"},
                           {"http_insecure", &http_insecure,
                            "whether addresses of other machines may be served without asking for tokens"},
                           {"secrets_public_key_file", &secrets_public_key_file,
                            "file with the key that secret items of variables are sealed for"}});
    }
};

// The file in the run directory that holds the address served, "127.0.0.1:40123", or with TLS
// "https://127.0.0.1:40123".
inline constexpr const char* kAddressFile = "gateway.addr";

Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config);

}  // namespace drover::gateway
