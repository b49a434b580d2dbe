// One state-store, three alloc-runners, a gateway and any number of nodes.
#pragma once

#include <memory>
#include <vector>

#include "alloc-runner/shell/runner.hpp"
#include "bus/exchange.hpp"
#include "mesh.hpp"
#include "node.hpp"
#include "state-store/engine/memory_engine.hpp"
#include "state-store/shell/store.hpp"

namespace drover::scale {

class Cluster {
   public:
    // Started, with every node ready.
    explicit Cluster(std::size_t nodes);
    ~Cluster();
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    // Jobs of at most 1,000 tasks each; the virtual time until all of them run.
    Duration start_tasks(std::size_t count);
    void rest(Duration time) { loop_.run_for(time); }
    void add_node();
    void add_runner();

    Totals take() { return mesh_.take(); }

   private:
    struct Gateway;
    struct Runner;
    class NoDisk;

    std::size_t running() const;

    rt::SimLoop loop_;
    Mesh mesh_{loop_};
    store::MemoryEngine engine_{"scale"};
    std::unique_ptr<NoDisk> disk_;
    std::unique_ptr<rt::Loop> store_loop_;
    std::unique_ptr<bus::Transport> store_transport_;
    std::unique_ptr<bus::Exchange> store_exchange_;
    std::unique_ptr<store::Store> store_;
    std::vector<std::unique_ptr<Runner>> runners_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::unique_ptr<Gateway> gateway_;
    std::size_t jobs_ = 0;
};

}  // namespace drover::scale
