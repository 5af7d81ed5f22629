// Azure's JavaScript SDK against the simulator: `node client.mjs STORY JSON` runs one story with its arguments and prints what
// the SDK returned as JSON. Everything comes from the environment: ARM_ENDPOINT, SUBSCRIPTION, GROUP and Azure's own variables.
import { ComputeManagementClient } from "@azure/arm-compute";
import { ClientSecretCredential } from "@azure/identity";

const { ARM_ENDPOINT, SUBSCRIPTION, GROUP } = process.env;
const { AZURE_AUTHORITY_HOST, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET } = process.env;
const POLL = { updateIntervalInMs: 200 };

const credential = new ClientSecretCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, {
  authorityHost: AZURE_AUTHORITY_HOST,
  disableInstanceDiscovery: true,
});
const client = new ComputeManagementClient(credential, SUBSCRIPTION, {
  endpoint: ARM_ENDPOINT,
  credentials: { scopes: [`${ARM_ENDPOINT}/.default`] },
});
const sets = client.virtualMachineScaleSets;
const extensions = client.virtualMachineScaleSetExtensions;
const instances = client.virtualMachineScaleSetVMs;
const upgrades = client.virtualMachineScaleSetRollingUpgrades;

async function collect(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

async function write(set, settings) {
  const extension = {
    publisher: "Microsoft.Azure.Extensions",
    typePropertiesType: "CustomScript",
    typeHandlerVersion: "2.1",
    autoUpgradeMinorVersion: true,
    settings,
  };
  const poller = extensions.createOrUpdate(GROUP, set, "CustomScript", extension, POLL);
  return { poller, extension };
}

const stories = {
  list: async () => ({ everywhere: await collect(sets.listAll()), group: await collect(sets.list(GROUP)) }),

  get: async ({ set }) => sets.get(GROUP, set),

  views: async ({ set }) => ({
    set: await sets.getInstanceView(GROUP, set),
    instances: await collect(instances.list(GROUP, set, { expand: "instanceView" })),
    one: await instances.getInstanceView(GROUP, set, "0"),
  }),

  // The extension is written and the long-running operation awaited: in Rolling mode it ends with the rolling upgrade.
  extension: async ({ set, settings }) => {
    const { poller } = await write(set, settings);
    const written = await poller.pollUntilDone();
    return { written, status: poller.operationState?.status, read: await extensions.get(GROUP, set, "CustomScript") };
  },

  // Manual mode: the model is written, then the instances with these ids are brought to it.
  upgrade: async ({ set, settings, ids }) => {
    await (await write(set, settings)).poller.pollUntilDone();
    const before = await collect(instances.list(GROUP, set));
    await sets.updateInstances(GROUP, set, { instanceIds: ids }, POLL).pollUntilDone();
    return { before, after: await collect(instances.list(GROUP, set, { expand: "instanceView" })) };
  },

  rolling: async ({ set }) => {
    await upgrades.startExtensionUpgrade(GROUP, set, POLL).pollUntilDone();
    return upgrades.getLatest(GROUP, set);
  },

  // A write whose rolling upgrade is still running is cancelled; the write's own operation then fails.
  cancel: async ({ set, settings }) => {
    const { poller } = await write(set, settings);
    await poller.submitted();
    const running = await upgrades.getLatest(GROUP, set);
    await upgrades.cancel(GROUP, set, POLL).pollUntilDone();
    const failed = await poller.pollUntilDone().then(
      () => null,
      (error) => ({ code: error.code, message: error.message }),
    );
    return { running, latest: await upgrades.getLatest(GROUP, set), failed };
  },

  // What the SDK makes of a refusal: code, status and Azure's request id.
  refused: async ({ set }) =>
    sets.get(GROUP, set).then(
      () => null,
      (error) => ({
        code: error.code,
        status: error.statusCode,
        request: error.response?.headers?.["x-ms-request-id"] ?? error.response?.headers?.get?.("x-ms-request-id"),
      }),
    ),
};

const [story, argument] = process.argv.slice(2);
console.log(JSON.stringify(await stories[story](JSON.parse(argument ?? "{}"))));
