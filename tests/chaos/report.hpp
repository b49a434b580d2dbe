// The numbers of a run, as docs/reliability.md shows them.
#pragma once

#include <string>

#include "judge.hpp"

namespace drover::chaos {

Json make_report(Arena& arena, const Judge& judge, const Setup& setup, Duration took);
void write_report(const Json& report, const std::string& path);

}  // namespace drover::chaos
