#include "state-store/shell/service.hpp"

int main(int argc, char** argv) {
    namespace host = drover::host;
    namespace store = drover::store;
    store::Config config;
    return host::run_service({"drover-state-store", "Keeps what should run and what has happened.",
                              "drover-state-store --data_dir /var/lib/drover --bind ipc:///run/drover/store.sock "
                              "--peers ipc:///run/drover/alloc-runner.sock,ipc:///run/drover/gateway.sock"},
                             argc, argv, config, [&](host::Host& host) { return store::start(host, config); });
}
