// A service's way onto the bus, as it is configured.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "bus/zmq_transport.hpp"
#include "host/service.hpp"

namespace drover::host {

// Reads the keys, binds, and connects: to the configured peers, to those who introduce themselves, and to those of the
// roles `hears` in the state-store's list, whose copy is kept in <data_dir>/<id>.peers. `role`: what we are. Errors
// name the file or the endpoint. Who is turned away is counted and logged, with its address.
//
// An endpoint of `bind` or `tap` may be a range of ports, "tcp://127.0.0.1:7110-7139", for replicas that share an
// address: all ranges are tried together, the first port of each, then the second, until all are free.
Result<std::unique_ptr<bus::ZmqTransport>> open_bus(rt::Loop& loop, const ServiceConfig& config,
                                                    const std::string& role, const std::set<std::string>& hears);

// Reads the file of those who may connect again; logs what came of it.
void reload_keys(bus::ZmqTransport& transport, const ServiceConfig& config);

}  // namespace drover::host
