# ticketcore_find_zones(): where time zones come from. Sets ticketcore_zones_FOUND, and
# ticketcore_zones_LIBRARY where that is not the standard library.
macro(ticketcore_find_zones)
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_FLAGS -std=c++20)
  check_cxx_source_compiles("
    #include <chrono>
    int main() { return static_cast<int>(std::chrono::locate_zone(\"UTC\")->name().size()); }"
    TICKETCORE_COMPILER_HAS_ZONES)
  unset(CMAKE_REQUIRED_FLAGS)
  set(ticketcore_zones_FOUND ${TICKETCORE_COMPILER_HAS_ZONES})
  set(ticketcore_zones_LIBRARY)
  if(NOT ticketcore_zones_FOUND)
    find_package(date QUIET)
    if(TARGET date::date-tz)
      set(ticketcore_zones_FOUND TRUE)
      set(ticketcore_zones_LIBRARY date::date-tz)
    endif()
  endif()
endmacro()
