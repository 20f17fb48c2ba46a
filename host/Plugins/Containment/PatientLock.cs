namespace IntegrationHub.Host.Plugins;

/// <summary>A lock for threads where a plugin's code runs too: who enters goes on waiting when the plugin interrupts the thread (see <see cref="Uninterrupted"/>). Thread-safe.</summary>
internal sealed class PatientLock
{
    private readonly Lock gate = new();

    public Lock.Scope EnterScope()
    {
        while (true)
        {
            try
            {
                return gate.EnterScope();
            }
            catch (ThreadInterruptedException)
            {
                // Used up: it does not come again.
            }
        }
    }
}
