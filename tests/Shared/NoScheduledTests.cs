using System.Runtime.CompilerServices;

/// <summary>
/// Hubs of tests and benchmarks test no connection by schedule: made-up connections point at real providers, and nothing but loopback is contacted. Processes started from here
/// inherit it.
/// </summary>
internal static class NoScheduledTests
{
    [ModuleInitializer]
    internal static void Set() => Environment.SetEnvironmentVariable("HUB_HEALTH__ENABLED", "false");
}
