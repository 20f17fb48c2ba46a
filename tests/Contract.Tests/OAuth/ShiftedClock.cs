namespace IntegrationHub.Contract.Tests.OAuth;

/// <summary>The real clock, put forward by a test: tokens end for the hub while their provider, which has a clock of its own, still knows them.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private long shift;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref shift));

    public override long GetTimestamp() => System.GetTimestamp() + (long)(Interlocked.Read(ref shift) * ((double)TimestampFrequency / TimeSpan.TicksPerSecond));

    public void Advance(TimeSpan by) => Interlocked.Add(ref shift, by.Ticks);
}
