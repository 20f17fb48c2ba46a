using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events;

public sealed class DeliverySignalTests
{
    private readonly FakeTimeProvider time = new();
    private readonly DeliverySignal signal = new();

    [Fact]
    public async Task Wait_WokenBefore_ReturnsAtOnceAndOnlyOnce()
    {
        signal.Wake();
        signal.Wake();
        await signal.WaitAsync(TimeSpan.FromHours(1), time, CancellationToken.None);

        var second = signal.WaitAsync(TimeSpan.FromHours(1), time, CancellationToken.None);
        Assert.False(second.IsCompleted);
        signal.Wake();
        await second;
    }

    [Fact]
    public async Task Wait_TimePassed_ReturnsAndLeavesNoWaiterBehind()
    {
        var waiting = signal.WaitAsync(TimeSpan.FromSeconds(30), time, CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(30));
        await waiting;

        signal.Wake();
        await signal.WaitAsync(TimeSpan.FromHours(1), time, CancellationToken.None);
    }

    [Fact]
    public async Task Wait_Cancelled_Throws()
    {
        using var cancelled = new CancellationTokenSource();
        var waiting = signal.WaitAsync(TimeSpan.FromHours(1), time, cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
