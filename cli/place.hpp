// Place: where a Drover lives. Pure but for what it is told of the environment.
#pragma once

#include <string>

#include "base/result.hpp"

namespace drover::cli {

// What this process was started with.
struct Environment {
    std::string addr;        // DROVER_ADDR
    std::string data_dir;    // DROVER_DATA_DIR
    std::string token;       // DROVER_TOKEN; wins over the file
    std::string token_file;  // DROVER_TOKEN_FILE
    std::string ca_file;     // DROVER_CACERT
    std::string home;        // HOME
    std::string cwd;
    bool root = false;
    bool colour = false;  // stdout is a terminal, and NO_COLOR is not set
};

Environment this_environment();

// Absolute, without "." and ".." and a slash at the end. `given` wins over the environment, that over the default:
// ~/.local/share/drover, for root /var/lib/drover.
std::string data_dir(const Environment& environment, const std::string& given = "");

// Where the sockets of a data directory are: <data_dir>/run, or, when that is too long for a unix socket's path (107
// bytes), a directory in /tmp whose name is derived from the data directory's.
std::string run_dir(const std::string& data_dir);

inline constexpr const char* kServices[] = {"state-store", "driver-manager", "alloc-runner", "gateway"};
std::string voice(const std::string& run_dir, const std::string& service);
std::string tap(const std::string& run_dir, const std::string& service);

// Where the gateway is and how it was found, for messages.
struct Address {
    std::string url;     // "http://127.0.0.1:4646", "https://drover.example.com:4646"
    std::string source;  // "DROVER_ADDR", or the file
};

// From DROVER_ADDR, or from the file that the gateway of the data directory wrote. Errors say what was tried and what
// to do.
Result<Address> find_gateway(const Environment& environment);

// What is shown to the gateway; empty: nothing.
Result<std::string> read_token(const Environment& environment);

}  // namespace drover::cli
