#pragma once
// What unwinds a thread that is ended from outside (pthread_cancel, pthread_exit). Who catches everything
// must throw it on, or the process ends.

#include <exception>  // tells which standard library this is

#ifdef __GLIBCXX__
#include <cxxabi.h>
#endif

namespace ticketcore::detail {

#ifdef __GLIBCXX__
using ForcedUnwind = abi::__forced_unwind;
#else
struct ForcedUnwind {};  // goes by without an exception there
#endif

}  // namespace ticketcore::detail
