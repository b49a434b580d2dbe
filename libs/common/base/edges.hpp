// Edge tables: a machine's transitions are listed once, and nothing else may happen.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"

namespace drover {

template <class State>
struct Edge {
    State from;
    State to;
    std::string_view why;
};

// How often each edge of a table was taken, by its position; for tests that want to see every edge.
using EdgeCounts = std::array<std::uint64_t, 32>;

// Ends the process when `edges` does not declare from -> to. `counts` may be null.
template <class State, std::size_t N>
void check_edge(const Edge<State> (&edges)[N], State from, State to, EdgeCounts* counts = nullptr) {
    static_assert(N <= std::tuple_size_v<EdgeCounts>);
    std::size_t i = 0;
    while (i < N && (edges[i].from != from || edges[i].to != to)) ++i;
    CHECK(i < N);
    if (counts) ++(*counts)[i];
}

}  // namespace drover
