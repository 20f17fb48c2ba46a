using IntegrationHub.Host.Operations.Resilience;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

public sealed class CircuitTests
{
    private static readonly BreakerManifest Settings = new();
    private readonly FakeTimeProvider time = new();
    private readonly Circuit circuit;

    public CircuitTests() => circuit = new Circuit(time);

    [Fact]
    public void Leave_FiveFailuresInARow_OpensForAMinute()
    {
        var turned = Enumerable.Range(0, 5).Select(_ => Call(ProviderSign.Down)).ToList();

        Assert.Equal([false, false, false, false, true], turned);
        Assert.Equal(CircuitState.Open, circuit.State);
        Assert.Equal(TimeSpan.FromSeconds(60), circuit.Refuses());
    }

    [Fact]
    public void Leave_SuccessBetween_CountsAnew()
    {
        foreach (var sign in new[] { ProviderSign.Down, ProviderSign.Down, ProviderSign.Down, ProviderSign.Down, ProviderSign.Up, ProviderSign.Down, ProviderSign.Down, ProviderSign.Down, ProviderSign.Down })
            Call(sign);

        Assert.Equal(CircuitState.Closed, circuit.State);
    }

    [Fact]
    public void Leave_WhatSaysNothing_NeitherOpensNorCountsAnew()
    {
        foreach (var sign in new[] { ProviderSign.Down, ProviderSign.None, ProviderSign.Down, ProviderSign.Down, ProviderSign.None, ProviderSign.None, ProviderSign.None, ProviderSign.Down })
            Call(sign);

        Assert.Equal((CircuitState.Closed, 4), (circuit.State, circuit.ConsecutiveFailures));
        Assert.True(Call(ProviderSign.Down));
    }

    [Fact]
    public void Enter_AfterTheBreak_LetsOneTrialThroughAtATimeAndClosesAfterThree()
    {
        Break();
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal((CircuitState.HalfOpen, null), (circuit.State, circuit.Refuses()));

        var trial = circuit.Enter(out var first);
        Assert.True(first);
        Assert.Equal(TimeSpan.FromSeconds(1), circuit.Refuses());
        Assert.False(circuit.Leave(trial, ProviderSign.Up, Settings));
        Assert.False(Call(ProviderSign.Up));
        Assert.True(Call(ProviderSign.Up));

        Assert.Equal((CircuitState.Closed, 0), (circuit.State, circuit.ConsecutiveFailures));
    }

    [Fact]
    public void Leave_TrialFails_OpensAgainAtOnce()
    {
        Break();
        time.Advance(TimeSpan.FromSeconds(60));
        Call(ProviderSign.Up);
        Call(ProviderSign.Up);

        Assert.True(Call(ProviderSign.Down));
        Assert.Equal(TimeSpan.FromSeconds(60), circuit.Refuses());
    }

    [Fact]
    public void Leave_TrialSaysNothing_LetsTheNextTry()
    {
        Break();
        time.Advance(TimeSpan.FromSeconds(60));
        Call(ProviderSign.None);

        Assert.Null(circuit.Refuses());
        Assert.Equal(CircuitState.HalfOpen, circuit.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Leave_CallFromBeforeTheBreak_SpeaksForNothing(bool halfOpen)
    {
        var straggler = circuit.Enter(out _);
        Break();
        if (halfOpen)
        {
            time.Advance(TimeSpan.FromSeconds(60));
            circuit.Enter(out _);
        }

        Assert.False(circuit.Leave(straggler, ProviderSign.Up, Settings));
        Assert.False(circuit.Leave(straggler, ProviderSign.Down, Settings));
        Assert.NotNull(circuit.Refuses());
    }

    private bool Call(ProviderSign sign) => circuit.Leave(circuit.Enter(out _), sign, Settings);

    private void Break()
    {
        for (var i = 0; i < Settings.Failures; i++)
            Call(ProviderSign.Down);

        Assert.Equal(CircuitState.Open, circuit.State);
    }
}
