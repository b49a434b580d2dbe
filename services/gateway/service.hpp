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
    std::string secrets_public_key_file;

    std::vector<host::Option> options() {
        return host::join(service_options(),
                          {{"http", &http, "HOST:PORT to serve HTTP on; port 0 takes the one used last, or a free one"},
                           {"http_names", &http_names, "host names with a dot that clients may use"},
                           {"secrets_public_key_file", &secrets_public_key_file,
                            "file with the key that secret items of variables are sealed for"}});
    }
};

// The file in the run directory that holds the address served, "127.0.0.1:40123".
inline constexpr const char* kAddressFile = "gateway.addr";

Result<std::unique_ptr<host::Service>> start(host::Host& host, const Config& config);

}  // namespace drover::gateway
