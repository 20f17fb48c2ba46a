namespace IntegrationHub.Host.Plugins;

/// <summary>
/// For the hub's code on threads where a plugin's code runs too. A plugin may call <see cref="Thread.Interrupt"/> on any thread that it has seen, and .NET delivers that where the
/// thread waits next: at a lock of the log, say. That is before anything was done there, so it is done again; the interrupt is used up by then.
/// </summary>
internal static class Uninterrupted
{
    /// <summary>Runs what waits nowhere but at locks that it takes before it changes anything.</summary>
    public static void Run<TState>(TState state, Action<TState> action)
    {
        while (true)
        {
            try
            {
                action(state);
                return;
            }
            catch (ThreadInterruptedException)
            {
                // Again.
            }
        }
    }
}
