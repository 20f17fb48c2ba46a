using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Operations.Jobs;

/// <summary>Wakes the job worker.</summary>
internal sealed class JobSignal : WakeSignal;
