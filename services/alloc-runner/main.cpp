#include "alloc-runner/shell/service.hpp"

int main(int argc, char** argv) {
    namespace host = drover::host;
    namespace alloc_runner = drover::alloc_runner;
    alloc_runner::Config config;
    return host::run_service({"drover-alloc-runner", "Decides what runs where, and what happens next.",
                              "drover-alloc-runner --run_dir /run/drover --bind ipc:///run/drover/alloc-runner.sock "
                              "--peers ipc:///run/drover/store.sock,ipc:///run/drover/driver-manager.sock"},
                             argc, argv, config, [&](host::Host& host) { return alloc_runner::start(host, config); });
}
