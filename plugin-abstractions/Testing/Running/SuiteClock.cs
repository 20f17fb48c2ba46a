namespace IntegrationHub.Testing.Running;

/// <summary>A clock that stands still, so that every run sees the same time; timers run as they should.</summary>
internal sealed class SuiteClock : TimeProvider
{
    public static DateTimeOffset Now { get; } = new(2026, 1, 31, 9, 30, 0, TimeSpan.Zero);

    public static SuiteClock Instance { get; } = new();

    public override DateTimeOffset GetUtcNow() => Now;
}
