%% What the workloads measure with, and the check that their work was done.
-module(benchmark_clock).
-export([rate/2, resident_bytes/0, verify/3, wait_for_processes/1]).

%% Operations a second of a function that does so many.
rate(Operations, Work) ->
    From = erlang:monotonic_time(nanosecond),
    Work(),
    Operations * 1.0e9 / max(1, erlang:monotonic_time(nanosecond) - From).

verify(_, Expected, Expected) -> ok;
verify(What, Expected, Actual) -> exit({verification_failed, What, [{expected, Expected}, {counted, Actual}]}).

%% Of the whole OS process; where the OS does not tell it in a file, what the VM knows of.
resident_bytes() ->
    case file:read_file("/proc/self/statm") of
        {ok, Text} ->
            [_, Pages | _] = binary:split(Text, <<" ">>, [global]),
            binary_to_integer(Pages) * 4096;
        _ -> erlang:memory(total)
    end.

%% Until killed processes are gone.
wait_for_processes(Expected) ->
    case erlang:system_info(process_count) =< Expected of
        true -> ok;
        false -> timer:sleep(5), wait_for_processes(Expected)
    end.
